// A log that goes on by itself, of a deployment or of a Space. It keeps its own cursor: after an error a browser's
// EventSource is over and a new one would begin again. So a server that restarts costs neither a gap nor a repeated line.

const KINDS = ["queued", "pushing", "building", "starting", "verifying", "cancel_requested"];
const FINAL = ["succeeded", "failed", "canceled", "superseded"];
const MOST_LINES = 5000;
const PAUSES = [500, 1000, 2000, 5000];

class LogTail extends HTMLElement {
  connectedCallback() {
    this.log = this.querySelector("[role=log]");
    this.followBox = this.querySelector("[data-follow]");
    this.searchBox = this.querySelector("[type=search]");
    this.found = this.querySelector("[data-found]");
    this.state = this.querySelector("[data-state]");
    this.cursor = this.getAttribute("cursor");
    this.last = Number(this.cursor.split(".")[1] ?? 0);
    this.waiting = [];
    this.attempt = 0;
    this.needle = "";
    this.log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.followBox.addEventListener("change", () => this.toEnd());
    this.searchBox.addEventListener("input", () => this.search());
    this.querySelector("[data-copy]").addEventListener("click", (event) => this.copy(event.currentTarget));
    this.toEnd();
    if (this.hasAttribute("src")) this.connect();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.source?.close();
  }

  connect() {
    const address = new URL(this.getAttribute("src"), location);
    address.searchParams.set("after", this.cursor);
    this.source = new EventSource(address);
    this.source.onopen = () => {
      if (this.attempt > 0) this.changed();
      this.attempt = 0;
      this.say("Live");
    };
    this.source.onerror = () => this.cut();
    this.source.addEventListener("log", (event) => this.line(event));
    this.source.addEventListener("restarted", () => this.begin());
    this.source.addEventListener("gap", (event) => this.missing(JSON.parse(event.data)));
    this.source.addEventListener("end", () => this.over("Complete"));
    this.source.addEventListener("failed", (event) => this.over(JSON.parse(event.data).detail));
    for (const kind of KINDS) this.source.addEventListener(`deployment.${kind}`, (event) => this.moved(event));
    for (const kind of FINAL) this.source.addEventListener(`deployment.${kind}`, (event) => this.ended(event));
  }

  cut() {
    this.source.close();
    this.say("Connecting again …");
    const pause = PAUSES[Math.min(this.attempt, PAUSES.length - 1)];
    this.attempt += 1;
    this.timer = setTimeout(() => this.connect(), pause);
  }

  line(event) {
    this.cursor = event.lastEventId;
    const line = JSON.parse(event.data);
    if (line.seq <= this.last) return;
    this.last = line.seq;
    if (this.waiting.push(line) === 1) requestAnimationFrame(() => this.show());
  }

  moved(event) {
    this.cursor = event.lastEventId;
    this.changed();
  }

  ended(event) {
    this.moved(event);
    this.over("Complete");
  }

  over(said) {
    this.source.close();
    this.say(said);
  }

  begin() {
    // Another log, of a new build or start: its lines are numbered anew.
    this.last = 0;
    this.waiting = [];
    this.log.replaceChildren();
  }

  missing({ missing }) {
    this.log.append(this.row({ line: `(${missing} lines before these: see the plain text)` }));
  }

  changed() {
    document.body.dispatchEvent(new CustomEvent("deployment-changed"));
  }

  show() {
    const lines = document.createDocumentFragment();
    for (const line of this.waiting) lines.append(this.row(line));
    this.waiting = [];
    for (const row of this.log.querySelectorAll("[data-until-live]")) row.remove();
    this.log.append(lines);
    while (this.log.childElementCount > MOST_LINES) this.log.firstElementChild.remove();
    if (this.needle) this.count();
    if (this.followBox.checked) this.toEnd();
  }

  row({ seq, step, at = "", line }) {
    const row = document.createElement("div");
    row.className = "line";
    if (seq) row.dataset.seq = seq;
    // A Space's log has no steps.
    for (const [tag, text] of [["time", at.slice(11, 19)], ["span", step], ["code", line]]) {
      if (text !== undefined) row.append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    row.hidden = !this.matches(row);
    return row;
  }

  scrolled() {
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 24;
    // Scrolling up pauses, coming back to the end goes on.
    this.followBox.checked = atEnd;
  }

  toEnd() {
    if (this.followBox.checked) this.log.scrollTop = this.log.scrollHeight;
  }

  search() {
    this.needle = this.searchBox.value.trim().toLowerCase();
    for (const row of this.log.children) row.hidden = !this.matches(row);
    this.count();
    this.toEnd();
  }

  matches(row) {
    return !this.needle || row.textContent.toLowerCase().includes(this.needle);
  }

  count() {
    const found = this.log.querySelectorAll(".line:not([hidden])").length;
    this.found.textContent = this.needle ? `${found} ${found === 1 ? "line" : "lines"}` : "";
  }

  async copy(button) {
    const rows = [...this.log.querySelectorAll(".line:not([hidden]) code")];
    const text = rows.map((row) => row.textContent).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      button.querySelector("span").textContent = "Copied";
    } catch {
      // Without https a page may not write there: mark the text instead.
      getSelection().selectAllChildren(this.log);
      button.querySelector("span").textContent = "Marked";
    }
  }

  say(text) {
    this.state.textContent = text;
  }
}

customElements.define("log-tail", LogTail);
