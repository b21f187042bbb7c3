"""What a page does in the browser that it must not: scripts of others, requests elsewhere, violations of the policy, foreign markup.

```python
watch = Watch(context, origin)
watch.visit("/p/video-vip")            # or watch.send("/orders", {"no": text}): a form of this shop, sent
watch.wrong                            # [] or what was seen, by page
```
"""

from typing import Any

from tests.security_pages.markup import ELEMENTS, EVERYWHERE, PROSE, SCHEMES


MARKER = """
window.__pwned = 0;
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => { window.__pwned += 1; };
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.__violations.push(event.violatedDirective + " " + event.blockedURI));
"""

JUDGE = """([elements, everywhere, prose, schemes, gateway]) => {
  const wrong = [];
  for (const one of document.querySelectorAll("*")) {
    const inProse = one.parentElement?.closest(".prose");
    const name = one.namespaceURI.endsWith("svg") ? "svg:" + one.localName : one.localName;
    const allowed = (inProse ? prose : elements)[name];
    if (!allowed) { wrong.push("<" + name + ">"); continue; }
    for (const {name: key} of one.attributes)
      if (!allowed.includes(key) && (inProse || !everywhere.includes(key))) wrong.push(`<${name} ${key}>`);
    if (one.localName === "a" && one.protocol && !schemes.includes(one.protocol.slice(0, -1))) wrong.push("leads to " + one.protocol);
    if (one.localName === "form" && ![location.origin, gateway].includes(new URL(one.getAttribute("action"), document.baseURI).origin))
      wrong.push("sends to " + one.getAttribute("action"));
  }
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) wrong.push("scrolls sideways by " + over);
  return [wrong, window.__pwned, window.__violations, document.querySelectorAll("*").length, document.body.innerText];
}"""


def _names(elements: dict[str, frozenset[str]]) -> dict[str, list[str]]:
    svg = "{http://www.w3.org/2000/svg}"
    return {name.replace(svg, "svg:"): sorted(allowed) for name, allowed in elements.items()}


ALLOWED = [_names(ELEMENTS), sorted(EVERYWHERE), _names(PROSE), sorted(SCHEMES), "https://provider.test"]


class Watch:
    """One tab that goes from page to page. Every page is judged after it was loaded and its script ran."""

    def __init__(self, context: Any, origin: str) -> None:
        self.origin = origin
        self.wrong: list[str] = []
        self.pwned = 0
        self.violations: list[str] = []
        self.pages = 0
        self.elements = 0
        self.page = context.new_page()
        self.page.add_init_script(MARKER)
        self.page.on("request", self._asked)
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error {error}"))

    def visit(self, path: str) -> str:
        self.page.goto(self.origin + path, wait_until="load")
        return self.judge(path)

    def send(self, path: str, form: dict[str, str]) -> str:
        """Sent as a form of this page would be. The page that was open must be one of this shop."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.evaluate(
                """([path, fields]) => {
                  const form = Object.assign(document.createElement("form"), {method: "post", action: path});
                  for (const [name, value] of Object.entries(fields)) {
                    const field = document.createElement("textarea");
                    field.name = name; field.value = value; form.append(field);
                  }
                  document.body.append(form);
                  HTMLFormElement.prototype.submit.call(form);
                }""",
                [path, form],
            )
        return self.judge(path)

    def judge(self, path: str) -> str:
        """Look at the page as it stands; answers the text that a reader sees."""
        wrong, pwned, violations, elements, text = self.page.evaluate(JUDGE, ALLOWED)
        self.wrong += [f"{path}: {one}" for one in wrong[:5]]
        self.wrong += [f"{path}: a script of somebody else ran"] if pwned else []
        self.wrong += [f"{path}: violates {one}" for one in violations[:5]]
        self.pwned += pwned
        self.violations += violations
        self.pages += 1
        self.elements += elements
        return str(text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "data:")):
            self.wrong.append(f"asked {request.url}")
