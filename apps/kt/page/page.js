"use strict";
// The tree of a model's modules. Items are made when their parent is opened, so that large models open at once.
const data = JSON.parse(document.getElementById("data").textContent);
const tree = document.getElementById("tree");
const search = document.getElementById("search");
const found = document.getElementById("found");
const details = document.getElementById("details");
const mostFound = 500;
let chosen = null;

function element(tag, text, className) {
  const out = document.createElement(tag);
  if (text !== undefined) out.textContent = text;
  if (className) out.className = className;
  return out;
}

function sizeText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return unit === 0 ? `${bytes} B` : `${bytes.toFixed(1)} ${units[unit]}`;
}

const bindings = (node) => [node.decode, node.prefill].filter(Boolean);
const words = (node, key) => [...new Set(bindings(node).map((binding) => binding[key]).filter(Boolean))].join(" / ");
const partsOf = (node) => node.parts || [];
const nodeOf = new WeakMap();

function itemOf(node, label) {
  const item = element("li");
  item.setAttribute("role", "treeitem");
  item.setAttribute("aria-selected", "false");
  item.tabIndex = -1;
  if (partsOf(node).length > 0) item.setAttribute("aria-expanded", "false");
  const row = element("div", undefined, "row");
  row.append(element("span", label, "name"), element("span", node.class), element("span", words(node, "operator")),
    element("span", words(node, "device")), element("span", node.bytes ? sizeText(node.bytes) : ""));
  item.append(row);
  nodeOf.set(item, node);
  return item;
}

function shortName(node, parent) {
  return parent && node.name.startsWith(`${parent.name}.`) ? node.name.slice(parent.name.length + 1) : node.name;
}

function open(item) {
  if (item.getAttribute("aria-expanded") !== "false") return;
  const node = nodeOf.get(item);
  if (!item.querySelector(":scope > ul")) {
    const list = element("ul");
    list.setAttribute("role", "group");
    for (const part of partsOf(node)) list.append(itemOf(part, shortName(part, node)));
    item.append(list);
  }
  item.querySelector(":scope > ul").hidden = false;
  item.setAttribute("aria-expanded", "true");
}

function close(item) {
  if (item.getAttribute("aria-expanded") !== "true") return;
  item.querySelector(":scope > ul").hidden = true;
  item.setAttribute("aria-expanded", "false");
}

function addDetail(list, term, texts) {
  const shown = texts.filter(Boolean);
  if (shown.length === 0) return;
  list.append(element("dt", term));
  for (const text of shown) {
    const line = element("dd");
    line.append(element("code", text));
    list.append(line);
  }
}

function showDetails(node) {
  const list = element("dl");
  addDetail(list, "node", [node.name]);
  addDetail(list, "class", [node.class]);
  for (const phase of ["decode", "prefill"]) {
    const binding = node[phase];
    if (!binding) continue;
    addDetail(list, `${phase}: operator`, [binding.operator || "expanded into its parts"]);
    addDetail(list, `${phase}: device`, [binding.device]);
    addDetail(list, `${phase}: rule`, [binding.rule, binding.reason]);
  }
  addDetail(list, "inputs", node.in);
  addDetail(list, "outputs", node.out);
  addDetail(list, "weights", (node.weights || []).map(([name, shape, type, bytes]) => `${name} ${shape} ${type} ${sizeText(bytes)}`));
  addDetail(list, "size", [node.bytes ? sizeText(node.bytes) : ""]);
  details.replaceChildren(list);
}

function choose(item) {
  if (!item) return;
  if (chosen) {
    chosen.setAttribute("aria-selected", "false");
    chosen.tabIndex = -1;
  }
  chosen = item;
  item.setAttribute("aria-selected", "true");
  item.tabIndex = 0;
  item.focus();
  item.querySelector(".row").scrollIntoView({ block: "nearest" });
  showDetails(nodeOf.get(item));
}

const visibleItems = () => [...tree.querySelectorAll("li")].filter((item) => !item.closest("ul[hidden]"));

function showAll() {
  tree.replaceChildren(...data.parts.map((part) => itemOf(part, part.name)));
  for (const item of tree.children) open(item);
  found.textContent = "";
  chosen = null;
  if (tree.firstElementChild) tree.firstElementChild.tabIndex = 0;
}

function matches(node, wanted) {
  const text = [node.name, node.class, words(node, "operator"), words(node, "device"), words(node, "rule")].join(" ").toLowerCase();
  return wanted.every((word) => text.includes(word));
}

function showFound(text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return showAll();
  const hits = [];
  const visit = (node) => {
    if (matches(node, wanted)) hits.push(node);
    partsOf(node).forEach(visit);
  };
  data.parts.forEach(visit);
  tree.replaceChildren(...hits.slice(0, mostFound).map((node) => itemOf(node, node.name)));
  found.textContent = hits.length > mostFound ? `${hits.length} nodes, the first ${mostFound} shown` : `${hits.length} nodes`;
  chosen = null;
  if (tree.firstElementChild) tree.firstElementChild.tabIndex = 0;
}

function move(item, key) {
  const items = visibleItems();
  const at = items.indexOf(item);
  if (key === "ArrowDown") choose(items[at + 1]);
  else if (key === "ArrowUp") choose(items[at - 1]);
  else if (key === "Home") choose(items[0]);
  else if (key === "End") choose(items[items.length - 1]);
  else if (key === "ArrowRight") item.getAttribute("aria-expanded") === "true" ? choose(item.querySelector("li")) : open(item);
  else if (key === "ArrowLeft") item.getAttribute("aria-expanded") === "true" ? close(item) : choose(item.parentElement.closest("li"));
  else if (key === "Enter" || key === " ") item.getAttribute("aria-expanded") === "true" ? close(item) : open(item);
  else return false;
  return true;
}

tree.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (!item) return;
  choose(item);
  item.getAttribute("aria-expanded") === "true" ? close(item) : open(item);
});
tree.addEventListener("keydown", (event) => {
  const item = event.target.closest("li");
  if (item && !event.ctrlKey && !event.metaKey && !event.altKey && move(item, event.key)) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && document.activeElement === search) {
    search.value = "";
    showAll();
    choose(tree.firstElementChild);
  }
});
search.addEventListener("input", () => showFound(search.value));
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" && tree.firstElementChild) {
    event.preventDefault();
    choose(tree.firstElementChild);
  }
});

document.title = `${data.model} · kt inspect`;
document.getElementById("title").textContent = data.model;
document.getElementById("summary").textContent = `${data.architecture} · ${data.nodes} nodes · ${sizeText(data.bytes)} of weights`;
showAll();
