"""Buckets: what the client sends over Xet, what apps and jobs write, and who may do either."""

import os
import struct

import httpx
import pytest
from huggingface_hub import Volume, constants
from huggingface_hub.errors import BucketBatchError, BucketNotFoundError, HfHubHTTPError
from tests.localhub import wheels

TEXT = b"print('the same line again')\n" * 4000
CONTENTS = {
    "a/compressed.py": TEXT,
    "a/tiny": b"x",
    "a/grouped": struct.pack("<40000f", *(number * 1.1 for number in range(40_000))),
    "empty": b"",
    "random": os.urandom(300_000),
    "run": bytes(200_000) + b"end",
}
"""One for each way in which the client sends chunks: as they are, as LZ4, as LZ4 of grouped bytes."""
UV = "ghcr.io/astral-sh/uv:python3.11-bookworm"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_XET_CACHE", str(tmp_path / "xet"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_EXPERIMENTAL_WARNING", True)


@pytest.fixture
def api(hub):
    api = hub.api()
    api.create_bucket("local/things", private=True)
    return api


def send(api, bucket="local/things", **files: bytes) -> None:
    api.batch_bucket_files(bucket, add=[(content, path) for path, content in files.items()])


def said(api, job) -> str:
    return list(api.fetch_job_logs(job_id=job.id, namespace="local", follow=True))[-1]


def test_what_is_sent_is_in_the_folder_and_comes_back_as_it_was(hub, api, tmp_path):
    send(api, **CONTENTS)
    folder = hub.folder / "buckets" / "local" / "things"
    assert {path: (folder / path).read_bytes() for path in CONTENTS} == CONTENTS
    api.download_bucket_files("local/things", [(path, tmp_path / "got" / path) for path in CONTENTS])
    assert {path: (tmp_path / "got" / path).read_bytes() for path in CONTENTS} == CONTENTS
    info = api.bucket_info("local/things")
    assert (info.private, info.total_files) == (True, len(CONTENTS))
    assert info.size == sum(map(len, CONTENTS.values()))


def test_content_that_is_known_is_not_sent_again(hub, api):
    send(api, one=TEXT)
    hub.clear_calls()
    send(api, two=TEXT)
    assert hub.calls(path="/xorbs/") == []
    assert (hub.folder / "buckets" / "local" / "things" / "two").read_bytes() == TEXT


def test_a_large_file_is_fetched_in_stretches(hub, api, tmp_path):
    content = os.urandom(34 * 1024 * 1024)
    file = hub.folder / "buckets" / "local" / "things" / "large"
    file.write_bytes(content)
    api.download_bucket_files("local/things", [("large", tmp_path / "large")])
    assert (tmp_path / "large").read_bytes() == content
    assert len({call["path"] for call in hub.calls(path="/content/")}) == 2


def test_a_folder_is_kept_in_step_in_both_directions(hub, api, tmp_path):
    (tmp_path / "one").write_text("1")
    api.sync_bucket(str(tmp_path / "one").removesuffix("/one"), "hf://buckets/local/things/inputs", include=["one"])
    (hub.folder / "buckets" / "local" / "things" / "inputs" / "two").write_text("written by an app")
    api.sync_bucket("hf://buckets/local/things/inputs", str(tmp_path / "back"))
    assert (tmp_path / "back" / "two").read_text() == "written by an app"
    assert (tmp_path / "back" / "one").read_text() == "1"


def test_the_tree_shows_folders_or_everything_below_them(api):
    send(api, **{"a/b/c": b"1", "a/d": b"22", "e": b"333"})
    assert [item.path for item in api.list_bucket_tree("local/things", recursive=False)] == ["a", "e"]
    below = api.list_bucket_tree("local/things", "a", recursive=True)
    assert [(item.path, item.size) for item in below] == [("a/b/c", 1), ("a/d", 2)]
    assert [item.path for item in api.list_bucket_tree("local/things", "a", recursive=False)] == ["a/b", "a/d"]


def test_what_is_deleted_is_gone_and_so_are_the_folders_it_leaves_empty(hub, api):
    send(api, **{"a/b/c": b"1", "a/d": b"2"})
    api.batch_bucket_files("local/things", delete=["a/b/c"])
    folder = hub.folder / "buckets" / "local" / "things"
    assert [path.name for path in (folder / "a").iterdir()] == ["d"]
    api.delete_bucket("local/things")
    assert not folder.exists()
    assert list((hub.folder / "xet").iterdir()) == []
    with pytest.raises(BucketNotFoundError):
        api.bucket_info("local/things")


def test_a_bucket_survives_a_restart(hub, api):
    send(api, one=b"1")
    hub.restart()
    assert [(bucket.id, bucket.total_files) for bucket in hub.api().list_buckets()] == [("local/things", 1)]


def test_a_space_and_a_job_write_into_the_bucket_that_the_api_shows(api):
    send(api, **{"in/one": b"1"})
    volume = Volume(type="bucket", source="local/things", mount_path="/data", path="in")
    code = "import sys; open(sys.argv[1] + '/two', 'w').write(open(sys.argv[1] + '/one').read() * 2)"
    job = api.run_job(image="python:3.11", command=["python", "-c", code, "/data"], namespace="local", volumes=[volume])
    assert api.wait_for_job(job.id, namespace="local", poll_interval=0.05).status.stage == "COMPLETED"
    assert [item.path for item in api.list_bucket_tree("local/things", recursive=True)] == ["in/one", "in/two"]


def test_a_local_folder_travels_with_a_job(api, tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "numbers").write_text("40 2")
    volume = api.sync_job_volume(tmp_path / "inputs", "/inputs")
    code = "import sys; print(sum(map(int, open(sys.argv[1]).read().split())))"
    command = ["python", "-c", code, "/inputs/numbers"]
    assert said(api, api.run_job(image="python:3.11", command=command, namespace="local", volumes=[volume])) == "42\n"


def test_a_script_of_ones_own_runs_with_what_its_header_asks_for(api, tmp_path):
    wheel = wheels.write(tmp_path, "greeting", "1.0", "WORD = 'hello'\n")
    script = tmp_path / "say.py"
    header = f'# /// script\n# dependencies = ["greeting @ {wheel.as_uri()}"]\n# ///\n'
    script.write_text(f"{header}import greeting, sys\nprint(greeting.WORD, *sys.argv[1:])\n")
    job = api.run_uv_job(str(script), script_args=["you"], image=UV, namespace="local")
    assert said(api, job) == "hello you\n"


@pytest.mark.parametrize("script", ["/data/none.py", "none.py", "/data/../../x.py", "/data/broken.py"])
def test_a_script_that_cannot_be_run_is_an_error_with_the_reason(api, script):
    send(api, **{"broken.py": b"# /// script\n# dependencies = [\n# ///\n"})
    volume = Volume(type="bucket", source="local/things", mount_path="/data")
    job = api.run_job(image=UV, command=["uv", "run", script], namespace="local", volumes=[volume])
    done = api.wait_for_job(job.id, namespace="local", poll_interval=0.05)
    assert done.status.stage == "ERROR"
    assert "no such file in a volume" in done.status.message or "header of the script" in done.status.message


@pytest.mark.parametrize("path", ["../out", "/out", "a/../../out", "link/out", "link", "a//b", "", "nul\0", "x" * 2000])
def test_no_path_leads_out_of_a_bucket(hub, api, tmp_path, path):
    (hub.folder / "buckets" / "local" / "things" / "link").symlink_to(tmp_path)
    send(api, kept=b"1")
    known = {item.name for item in tmp_path.iterdir()}
    with pytest.raises(BucketBatchError):
        send(api, **{path: b"1"})
    assert {item.name for item in tmp_path.iterdir()} == known
    assert [item.path for item in api.list_bucket_tree("local/things", recursive=True)] == ["kept"]


def test_a_link_that_an_app_left_in_a_bucket_is_neither_shown_nor_mounted(hub, api, tmp_path):
    (tmp_path / "secret").write_text("x")
    (hub.folder / "buckets" / "local" / "things" / "link").symlink_to(tmp_path)
    with hub.http() as client:
        assert client.get("/buckets/local/things/resolve/link%2Fsecret").status_code == 404
    volume = Volume(type="bucket", source="local/things", mount_path="/data", path="link")
    command = ["python", "-c", "import os, sys; print(os.listdir(sys.argv[1]))", "/data"]
    job = api.run_job(image="python:3.11", command=command, namespace="local", volumes=[volume])
    assert said(api, job) == "['link']\n"


def test_a_private_bucket_does_not_exist_for_others_and_a_public_one_is_read_only(start, tmp_path):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve", "--token", "local:hf_read:read")
    api, eve = hub.api(), hub.api("hf_eve")
    for name, private in (("hidden", True), ("open", False)):
        api.create_bucket(f"local/{name}", private=private)
        send(api, f"local/{name}", one=b"1")
    with pytest.raises(BucketNotFoundError):
        eve.bucket_info("local/hidden")
    assert [bucket.id for bucket in eve.list_buckets("local")] == ["local/open"]
    eve.download_bucket_files("local/open", [("one", tmp_path / "one")])
    assert (tmp_path / "one").read_bytes() == b"1"
    for writer in (eve, hub.api("hf_read")):
        with pytest.raises(HfHubHTTPError, match="403"):
            writer.batch_bucket_files("local/open", delete=["one"])
        with pytest.raises(HfHubHTTPError, match="403"):
            writer.create_bucket("local/more")
    volume = Volume(type="bucket", source="local/hidden", mount_path="/data")
    command = ["python", "-c", "import os, sys; print(os.listdir(sys.argv[1]))", "/data"]
    job = eve.run_job(image="python:3.11", command=command, namespace="eve", volumes=[volume])
    assert list(eve.fetch_job_logs(job_id=job.id, namespace="eve", follow=True))[-1] == "[]\n"


def test_content_is_given_and_taken_by_whoever_may_alone(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    api = hub.api()
    api.create_bucket("local/things", private=True)
    send(api, one=b"1")
    with hub.http() as client, hub.http("hf_eve") as eve, httpx.Client(base_url=hub.url, trust_env=False) as nobody:
        cas = client.get("/api/buckets/local/things/xet-write-token").json()["casUrl"].removeprefix(hub.url)
        file = client.get("/api/buckets/local/things/tree").json()[0]["xetHash"]
        plan = client.get(f"{cas}/v1/reconstructions/{file}").json()
        link = plan["fetch_info"][file][0]["url"]
        assert nobody.get(link).status_code == 206
        assert nobody.get(link.replace("/0/1?", "/0/2?")).status_code == 403
        assert nobody.get(link.partition("?")[0]).status_code == 403
        for other in (eve, nobody):
            assert other.get("/api/buckets/local/things/xet-read-token").status_code in {401, 404}
            assert other.get(f"{cas}/v1/reconstructions/{file}").status_code in {401, 404}
            assert other.post(f"{cas}/v1/shards", content=b"x").status_code in {401, 404}


@pytest.mark.parametrize(
    "line", [b"x", b"[]", b'{"type":"addFile"}', b'{"type":"x","path":"a"}', b'{"type":1,"path":1}']
)
def test_a_line_of_a_batch_that_is_none_is_the_callers_fault(hub, api, line):
    with hub.http() as client:
        assert client.post("/api/buckets/local/things/batch", content=line).status_code == 400
        unknown = b'{"type":"addFile","path":"a","xetHash":"%s","mtime":1}' % (b"1" * 64)
        answer = client.post("/api/buckets/local/things/batch", content=unknown)
        assert (answer.status_code, answer.json()["failed"][0]["path"]) == (422, "a")


@pytest.mark.parametrize("shard", [b"", b"x", b"HFRepoMetaData", b"HFRepoMetaData" + bytes(300), b"\xff" * 96])
def test_a_shard_that_is_none_is_the_callers_fault(hub, api, shard):
    with hub.http() as client:
        cas = client.get("/api/buckets/local/things/xet-write-token").json()["casUrl"].removeprefix(hub.url)
        assert client.post(f"{cas}/v1/shards", content=shard).status_code == 400
        assert client.post(f"{cas}/v1/xorbs/default/..", content=b"x").status_code in {400, 404}
        assert client.post(f"{cas}/v1/xorbs/default/{'g' * 64}", content=b"x").status_code == 400


def test_chunks_that_are_none_fail_the_file_and_nothing_else(hub, api):
    send(api, one=TEXT)
    for xorb in (hub.folder / "xet").rglob("xorbs/*"):
        xorb.write_bytes(xorb.read_bytes()[:40])
    with pytest.raises(BucketBatchError, match="cannot be written"):
        send(api, two=TEXT)
    assert [item.path for item in api.list_bucket_tree("local/things", recursive=True)] == ["one"]


def test_a_bucket_that_a_job_mounts_is_made_for_its_owner(api):
    volume = Volume(type="bucket", source="local/new", mount_path="/data")
    job = api.run_job(image="python:3.11", command=["python", "-c", "1"], namespace="local", volumes=[volume])
    api.wait_for_job(job.id, namespace="local", poll_interval=0.05)
    assert {bucket.id: bucket.private for bucket in api.list_buckets()} == {"local/things": True, "local/new": True}
