set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ask NAME PATH [CURL OPTIONS]: the answer is then in $work/NAME.
# The token goes in through a pipe: what stands in the arguments, every process of the machine can read.
ask() {
  answer=$work/$1 address=$SPACEPORT_URL/api/v1$2
  shift 2
  status=$(printf 'header = "Authorization: Bearer %s"\n' "$SPACEPORT_TOKEN" |
    curl --config - --silent --show-error --retry 5 --retry-connrefused --max-time 900 \
      --output "$answer" --write-out '%{http_code}' "$@" "$address") || status=000
  case $status in
    2??) return 0 ;;
    *) echo "$address answered $status" >&2; return 1 ;;
  esac
}

# field NAME KEY: a plain text of the answer.
field() { sed -n "s/.*\"$2\": *\"\([^\"\\]*\)\".*/\1/p" "$work/$1" | head -n 1; }

tell() { cat "$1"; if [ -n "${SPACEPORT_SUMMARY:-}" ]; then cat "$1" >>"$SPACEPORT_SUMMARY"; fi; }

# refused SENTENCE [FILE]: what was said is in the file.
refused() {
  { echo "## Not deployed to $SPACEPORT_SPACE"; echo
    echo "$1"; echo
    if [ -s "${2:-}" ]; then sed 's/^/    /' "$2"; echo; fi; } >"$work/summary"
  tell "$work/summary"
  exit 1
}

if [ -z "${SPACEPORT_TOKEN:-}" ]; then
  refused "The secret SPACEPORT_TOKEN is empty here: it is not set, or not given to this branch."
fi

# Of the commit and not of a folder in it: the same commit is then always the same bytes.
GIT_LITERAL_PATHSPECS=1 git archive --format=tar.gz --output "$work/source.tar.gz" \
  HEAD ${SPACEPORT_FOLDER:+"$SPACEPORT_FOLDER"} 2>"$work/said" || refused "Git could not pack the commit:" "$work/said"
ask upload /uploads --form "file=@$work/source.tar.gz" --header "Idempotency-Key: $SPACEPORT_RUN upload" ||
  refused "The upload was refused or not answered:" "$answer"
folder=$(printf '%s' "$SPACEPORT_FOLDER" | sed 's/"/\\"/g')
printf '{"source": {"kind": "upload", "upload_id": "%s", "folder": "%s"}}' "$(field upload id)" "$folder" >"$work/wanted"
ask deployment "/spaces/$SPACEPORT_SPACE/deployments" --data "@$work/wanted" \
  --header 'Content-Type: application/json' --header "Idempotency-Key: $SPACEPORT_RUN deploy" ||
  refused "The deployment was refused or not answered:" "$answer"
id=$(field deployment id)

seen=
ends=$(($(date +%s) + ${SPACEPORT_TIMEOUT:-3600}))
while :; do
  now=$(field deployment status)
  if [ "$now" != "$seen" ]; then echo "$id: $now"; seen=$now; fi
  case $now in succeeded | failed | canceled | superseded) break ;; esac
  if [ "$(date +%s)" -ge "$ends" ]; then
    echo "$id is still $now; it goes on, but nobody waits for it here any more." >"$work/summary"
    tell "$work/summary"
    exit 2
  fi
  sleep "${SPACEPORT_LOOK_EVERY:-3}"
  ask look "/deployments/$id" && mv "$work/look" "$work/deployment" || true
done

if ask summary "/deployments/$id/summary"; then tell "$work/summary"; fi
case $seen in
  succeeded) exit 0 ;;
  superseded) exit 3 ;;
  *) exit 1 ;;
esac
