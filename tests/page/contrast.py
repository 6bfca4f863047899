"""How far words stand out from their ground (WCAG 2.2, 1.4.3: 4.5 to 1)."""

from __future__ import annotations

from typing import Any

from tests.page.browser import Tab

_WEAK = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('main *')].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) &&
    one.getClientRects().length && !one.closest('.quiet, .screen')).map((one) => {
      const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 100)];
    }).filter(([ratio]) => ratio < 4.5);
})()"""


def weak_words(tab: Tab) -> list[Any]:
    """The visible texts below 4.5 to 1, with their ratio; those over a picture are not looked at."""
    found: list[Any] = tab.run(_WEAK)
    return found
