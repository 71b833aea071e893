#!/usr/bin/env python3
"""kt inspect --graph and --html. The page is read as text everywhere, and used in a headless Chromium where there is one."""
import base64
import hashlib
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import browser

KT, SOURCE = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
MOE = SOURCE / "tests/golden/models/deepseek_v3"
V3 = SOURCE / "tests/e2e/plan/deepseek_v3/config.json"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def kt(*words):
    return subprocess.run([KT, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)


def write_page(folder, model):
    path = pathlib.Path(folder) / "page.html"
    made = kt("inspect", str(model), "--html", str(path))
    assert made.returncode == 0, made.stderr
    return path


def graph_names(model):
    """Full names of all nodes, from the other printed form of the graph."""
    names, scope = [], []
    for line in kt("inspect", str(model), "--graph", "--all").stdout.splitlines():
        found = re.match(r"( *)(module|node) (\S+)", line)
        if found:
            scope[len(found[1]) // 2:] = [found[3]]
            names.append(".".join(scope))
    return names


class Folded(unittest.TestCase):
    maxDiff = None

    def test_layers_that_are_alike_are_one_line(self):
        text = kt("inspect", str(V3), "--graph").stdout
        self.assertIn("layers.{0..2}", text)
        self.assertIn("layers.{3..60}", text)
        self.assertLess(len(text.splitlines()), 60)
        for line in text.splitlines():
            self.assertLessEqual(len(line), 100, line)
        golden = SOURCE / "tests/e2e/plan/graph.txt"
        if os.environ.get("KT_UPDATE"):
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())

    def test_counts_add_up(self):
        document = json.loads(kt("inspect", str(MOE), "--graph", "--json").stdout)
        self.assertEqual(sum(part["nodes"] for part in document["graph"]), len(graph_names(MOE)))
        unfolded = json.loads(kt("inspect", str(MOE), "--graph", "--all", "--json").stdout)
        self.assertIn("module model", unfolded["graph"])


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.texts, self.attributes, self.ids = [], {}, [], set()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.attributes.append((tag, attributes))
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if tag not in ("meta", "input"):
            self.open.append((tag, attributes.get("id", attributes.get("type", ""))))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, text):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + text


class PageAsText(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.text = write_page(cls.folder.name, MOE).read_text()
        cls.reader = Reader()
        cls.reader.feed(cls.text)
        cls.data = json.loads(cls.reader.texts[("script", "data")])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def nodes(self):
        left = list(self.data["parts"])
        while left:
            node = left.pop()
            left += node.get("parts", [])
            yield node

    def test_every_element_is_closed_and_every_place_filled(self):
        self.assertEqual(self.reader.open, [])
        self.assertEqual(re.findall(r"@[A-Z_]+@", self.text), [])
        for name in re.findall(r'getElementById\("(\w+)"\)', self.text):
            self.assertIn(name, self.reader.ids)

    def test_the_tree_is_complete(self):
        self.assertEqual(sorted(node["name"] for node in self.nodes()), sorted(graph_names(MOE)))

    def test_nodes_that_run_have_operator_device_and_rule(self):
        running = [node for node in self.nodes() if "operator" in node.get("decode", {})]
        self.assertTrue(running)
        for node in running:
            self.assertTrue(node["decode"]["device"] and node["decode"]["rule"] and node["out"], node["name"])

    def test_sizes_add_up(self):
        weights = sum(weight[3] for node in self.nodes() for weight in node.get("weights", []))
        self.assertEqual(weights, self.data["bytes"])

    def test_it_asks_for_nothing_from_outside(self):
        for tag, attributes in self.reader.attributes:
            self.assertNotIn("src", attributes)
            self.assertNotIn("href", attributes)
            self.assertNotIn("style", attributes)
            self.assertFalse([key for key in attributes if key.startswith("on")])
        self.assertNotRegex(self.text.split('<script type="application/json"')[0], r"https?://")

    def test_the_policy_allows_exactly_its_own_style_and_script(self):
        policy = next(a["content"] for _, a in self.reader.attributes if a.get("http-equiv") == "Content-Security-Policy")
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        for tag, directive in (("style", "style-src"), ("script", "script-src")):
            digest = base64.b64encode(hashlib.sha256(self.reader.texts[(tag, "")].encode()).digest()).decode()
            self.assertIn(f"{directive} 'sha256-{digest}'", policy)

    def test_names_from_files_cannot_end_the_data(self):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "a<script>alert(1)"
            model.mkdir()
            (model / "config.json").write_bytes(V3.read_bytes())
            text = write_page(folder, model / "config.json").read_text()
            self.assertNotIn("<script>alert", text)
            self.assertIn("a\\u003cscript>alert", text)


@unittest.skipUnless(browser.find(), "no Chromium is installed")
class PageInBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = write_page(cls.folder.name, MOE)
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def setUp(self):
        self.browser.load(self.path.as_uri())

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual([url for url in self.browser.requests() if url != self.path.as_uri()], [])

    def selected(self):
        return self.browser.evaluate('document.querySelector("[aria-selected=true] .name").textContent')

    def test_it_shows_the_model_and_its_tree(self):
        self.assertIn("deepseek_v3", self.browser.evaluate("document.title"))
        self.assertGreater(self.browser.evaluate('document.querySelectorAll("[role=treeitem]").length'), 3)
        self.assertIn("nodes", self.browser.evaluate('document.getElementById("summary").textContent'))

    def test_search_finds_nodes_by_class_and_operator(self):
        self.browser.press("/", "/")
        self.assertEqual(self.browser.evaluate("document.activeElement.id"), "search")
        self.browser.write("moeexperts")
        count = sum(name.endswith(".mlp.experts") for name in graph_names(MOE))
        self.assertEqual(self.browser.evaluate('document.querySelectorAll("[role=treeitem]").length'), count)
        self.assertEqual(self.browser.evaluate('document.getElementById("found").textContent'), f"{count} nodes")
        self.browser.press("ArrowDown")
        self.assertTrue(self.selected().endswith("mlp.experts"))
        self.assertIn("weights" if count == 0 else "operator", self.browser.evaluate('document.getElementById("details").textContent'))

    def test_keys_walk_the_tree(self):
        self.browser.evaluate('document.querySelector("[role=treeitem]").focus()')
        self.browser.press("Home")
        self.assertEqual(self.selected(), "model")
        self.browser.press("ArrowLeft")
        self.assertEqual(self.browser.evaluate('document.querySelector("[aria-selected=true]").getAttribute("aria-expanded")'), "false")
        self.browser.press("ArrowRight")
        self.browser.press("ArrowRight")
        self.assertEqual(self.selected(), "embed_tokens")
        self.browser.press("ArrowDown")
        self.assertEqual(self.selected(), "layers.0")
        self.browser.press("Enter")
        self.browser.press("ArrowRight")
        self.assertEqual(self.selected(), "input_layernorm")
        self.browser.press("ArrowLeft")
        self.assertEqual(self.selected(), "layers.0")
        self.browser.press("End")
        self.assertEqual(self.selected(), "lm_head")

    def test_every_node_can_be_opened(self):
        opened = self.browser.evaluate("""(() => {
          for (let closed; (closed = document.querySelector('[aria-expanded=false]'));) open(closed);
          return document.querySelectorAll('[role=treeitem]').length; })()""")
        self.assertEqual(opened, len(graph_names(MOE)))

    def test_it_follows_light_and_dark(self):
        colours = []
        for scheme in ("light", "dark"):
            self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            colours.append(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(colours, ["rgb(255, 255, 255)", "rgb(13, 17, 23)"])

    def test_the_policy_stops_what_is_put_in_later(self):
        self.browser.evaluate("const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)")
        self.assertIsNone(self.browser.evaluate("window.ran"))
        self.browser.events.clear()  # the refusal is what was wanted


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
