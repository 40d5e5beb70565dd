"""A browser as far as launches need one: cookies kept for the plug-in only, redirects followed by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

MOST_STEPS = 8


@dataclass
class Browser:
    """`home` is the plug-in. Loopback counts as secure in a real browser, so its Secure cookies are kept here too."""

    home: str
    cookies: dict[str, str] = field(default_factory=dict)
    blocked: bool = False
    set_cookies: list[str] = field(default_factory=list)

    def get(self, url: str, **headers: str) -> requests.Response:
        """One GET, nothing followed."""
        return self._sent("GET", urljoin(self.home, url), headers, None)

    def post(self, url: str, form: dict[str, str], **headers: str) -> requests.Response:
        return self._sent("POST", urljoin(self.home, url), headers, form)

    def _sent(self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None) -> requests.Response:
        own = url.startswith(f"{self.home}/")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if own and self.cookies and not self.blocked:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = requests.request(method, url, headers=sent, data=form, allow_redirects=False, timeout=20)
        for cookie in answer.raw.headers.getlist("Set-Cookie") if own else ():
            self.set_cookies.append(cookie)
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def follow(self, url: str) -> tuple[str, requests.Response]:
        """The last address and its answer, after all redirects."""
        for _ in range(MOST_STEPS):
            answer = self.get(url)
            if answer.status_code not in (302, 303):
                return url, answer
            url = urljoin(url, answer.headers["Location"])
        raise AssertionError("too many redirects")


def query(url: str) -> dict[str, str]:
    """The parameters of an address; each must stand there once."""
    found = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values()), found
    return {name: values[0] for name, values in found.items()}
