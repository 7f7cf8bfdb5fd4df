import pytest

ROLES = ("viewer", "deployer", "admin", "owner")
NOBODY = "usr_" + "0" * 26


@pytest.fixture
def people(sign_up):
    """One person per role in Ada's team, and a stranger."""
    ada = sign_up("ada")
    team_id = ada.post("/api/v1/teams", {"name": "Engines"}).json()["id"]
    everyone = {role: sign_up(role) for role in ROLES}
    for role, person in everyone.items():
        added = ada.post(f"/api/v1/teams/{team_id}/members", {"email": person.email, "role": role})
        assert added.status_code == 201, added.text
    return {"team_id": team_id, "ada": ada, "stranger": sign_up("stranger"), **everyone}


@pytest.fixture
def members(people):
    return f"/api/v1/teams/{people['team_id']}/members"


def test_a_new_team_belongs_to_its_maker(sign_up):
    ada = sign_up("ada")
    made = ada.post("/api/v1/teams", {"name": "Analytical Engines"})
    assert made.status_code == 201
    assert (made.json()["slug"], made.json()["role"], made.json()["personal"]) == (
        "analytical-engines",
        "owner",
        False,
    )
    assert [team["name"] for team in ada.get("/api/v1/teams").json()] == ["ada", "Analytical Engines"]


def test_a_team_is_listed_for_its_members_and_for_nobody_else(people):
    for role in ROLES:
        listed = {team["id"]: team["role"] for team in people[role].get("/api/v1/teams").json()}
        assert listed[people["team_id"]] == role
    assert people["team_id"] not in people["stranger"].get("/api/v1/teams").text


# What is asked, and what viewer, deployer, admin and owner are answered.
MATRIX = {
    "list members": ("GET", "", None, (200, 200, 200, 200)),
    "add a viewer": ("POST", "", {"email": "spare@example.org", "role": "viewer"}, (403, 403, 201, 201)),
    "add an owner": ("POST", "", {"email": "spare@example.org", "role": "owner"}, (403, 403, 403, 201)),
    "promote to admin": ("PATCH", "/{extra}", {"role": "admin"}, (403, 403, 200, 200)),
    "promote to owner": ("PATCH", "/{extra}", {"role": "owner"}, (403, 403, 403, 200)),
    "demote an owner": ("PATCH", "/{ada}", {"role": "viewer"}, (403, 403, 403, 200)),
    "remove a member": ("DELETE", "/{extra}", None, (403, 403, 204, 204)),
    "remove an owner": ("DELETE", "/{ada}", None, (403, 403, 403, 204)),
}


@pytest.fixture
def ask(people, members, sign_up):
    sign_up("spare")
    extra = sign_up("extra")
    people["ada"].post(members, {"email": extra.email, "role": "viewer"})

    def ask_as(who: str, what: str):
        method, path, body, _ = MATRIX[what]
        url = members + path.format(extra=extra.id, ada=people["ada"].id)
        return extra.api.request(method, url, json=body, headers=people[who].headers)

    return ask_as


@pytest.mark.parametrize("what", MATRIX)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_matrix_says(ask, role, what):
    answer = ask(role, what)
    assert answer.status_code == MATRIX[what][3][ROLES.index(role)], answer.text


@pytest.mark.parametrize("what", MATRIX)
def test_to_a_stranger_the_team_is_not_there(ask, what):
    answer = ask("stranger", what)
    assert (answer.status_code, answer.json()["code"]) == (404, "team_not_found")


def test_a_team_of_others_and_one_that_never_was_look_the_same(people, members):
    stranger = people["stranger"]
    others, never = stranger.get(members), stranger.get(f"/api/v1/teams/team_{'0' * 26}/members")
    varying = {"request_id": "", "instance": ""}
    assert others.json() | varying == never.json() | varying


def test_every_member_may_leave_and_loses_access_at_once(people, members):
    for role in ("viewer", "deployer", "admin", "owner"):
        person = people[role]
        assert person.delete(f"{members}/{person.id}").status_code == 204
        assert person.get(members).status_code == 404


def test_the_last_owner_neither_leaves_nor_steps_down(people, members):
    ada, owner = people["ada"], people["owner"]
    assert owner.delete(f"{members}/{owner.id}").status_code == 204
    for answer in (ada.delete(f"{members}/{ada.id}"), ada.patch(f"{members}/{ada.id}", {"role": "admin"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert ada.patch(f"{members}/{ada.id}", {"role": "owner"}).status_code == 200


def test_a_changed_role_counts_from_the_next_request(people, members):
    viewer = people["viewer"]
    newcomer = {"email": "stranger@example.org", "role": "viewer"}
    assert viewer.post(members, newcomer).status_code == 403
    assert people["ada"].patch(f"{members}/{viewer.id}", {"role": "admin"}).json()["role"] == "admin"
    assert viewer.post(members, newcomer).status_code == 201


def test_a_member_is_added_once_and_only_after_registering(people, members):
    ada = people["ada"]
    twice = ada.post(members, {"email": "VIEWER@example.org", "role": "admin"})
    assert (twice.status_code, twice.json()["code"]) == (409, "member_exists")
    unknown = ada.post(members, {"email": "unknown@example.org", "role": "viewer"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "user_not_found")


def test_a_personal_team_stays_personal(people):
    ada = people["ada"]
    own = f"/api/v1/teams/{ada.personal_team_id}/members"
    for answer in (
        ada.post(own, {"email": "viewer@example.org", "role": "viewer"}),
        ada.patch(f"{own}/{ada.id}", {"role": "viewer"}),
        ada.delete(f"{own}/{ada.id}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "team_is_personal")


def test_who_is_not_a_member_is_neither_changed_nor_removed(people, members):
    ada = people["ada"]
    for user_id in (NOBODY, people["stranger"].id):
        assert ada.patch(f"{members}/{user_id}", {"role": "viewer"}).json()["code"] == "member_not_found"
        assert ada.delete(f"{members}/{user_id}").json()["code"] == "member_not_found"


def test_an_id_of_another_form_is_refused_before_the_database_sees_it(people, members):
    assert people["ada"].delete(f"{members}/usr_%00").status_code == 422


def test_an_unknown_role_is_refused(people, members):
    answer = people["ada"].post(members, {"email": "stranger@example.org", "role": "god"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "role")


def test_who_came_went_and_rose_is_on_record(people, members):
    owner, viewer = people["owner"], people["viewer"]
    address = f"{members}/{viewer.id}"
    owner.patch(address, {"role": "admin"})
    owner.delete(address)
    team = members.removesuffix("/members")
    told = [(each["kind"], each["data"]) for each in owner.get(f"{team}/activity").json()["items"]]
    assert told[:2] == [
        ("member.removed", {"member": viewer.id}),
        ("member.role_changed", {"member": viewer.id, "before": "viewer", "role": "admin"}),
    ]
    assert ("member.added", {"member": viewer.id, "role": "viewer"}) in told
    assert told[-1] == ("team.created", {"name": "Engines"})
