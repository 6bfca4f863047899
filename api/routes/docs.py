"""A self-contained page that displays /openapi.json.

FastAPI's own page loads its viewer from a content delivery network.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>PoseQueue API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; }
details { border: 1px solid #d5dae0; border-radius: 6px; margin: .5rem 0; padding: .5rem .8rem; }
summary { cursor: pointer; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f4f6f8; padding: .7rem; overflow: auto; max-height: 24rem; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
  vertical-align: top; }
</style></head>
<body><h1 id="title">PoseQueue API</h1><p id="about"></p>
<p>The document itself: <a href="openapi.json">openapi.json</a></p>
<main id="calls"></main><script src="docs/page.js"></script></body></html>
"""

_SCRIPT = """'use strict';
function add(parent, tag, text) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}
function resolve(spec, schema) {
  let found = schema;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split('/').reduce((at, name) => at[name], spec);
  }
  return found || {};
}
function typeName(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' | ');
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.type === 'array') return typeName(schema.items || {}) + '[]';
  return schema.type || 'any';
}
function row(table, name, schema, required, text) {
  const line = add(table, 'tr');
  add(add(line, 'td'), 'code', name + (required ? ' *' : ''));
  add(line, 'td', typeName(schema));
  add(line, 'td', text || '');
}
function fields(box, spec, schema) {
  const whole = resolve(spec, schema);
  const required = whole.required || [];
  const table = add(box, 'table');
  for (const [name, field] of Object.entries(whole.properties || {})) {
    row(table, name, field, required.includes(name), field.description);
  }
  for (const example of whole.examples || []) add(box, 'pre', JSON.stringify(example, null, 2));
}
function content(box, spec, media) {
  for (const [kind, body] of Object.entries(media || {})) {
    add(box, 'p', kind);
    if (body.schema) fields(box, spec, body.schema);
    if (body.example !== undefined) {
      const text = body.example;
      add(box, 'pre', typeof text === 'string' ? text : JSON.stringify(text, null, 2));
    }
  }
}
function call(parent, spec, path, method, operation) {
  const box = add(parent, 'details');
  const head = add(box, 'summary');
  add(head, 'span', method.toUpperCase()).className = 'method';
  add(head, 'code', path);
  add(box, 'p', operation.description || '');
  if (operation.parameters) {
    add(box, 'h4', 'Parameters');
    const table = add(box, 'table');
    for (const one of operation.parameters) {
      row(table, one.name + ' (' + one.in + ')', one.schema, one.required, one.description);
    }
  }
  if (operation.requestBody) {
    add(box, 'h4', 'Body');
    content(box, spec, operation.requestBody.content);
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    add(box, 'h4', status + ' ' + answer.description);
    content(box, spec, answer.content);
  }
}
fetch('openapi.json').then((answer) => answer.json()).then((spec) => {
  document.getElementById('title').textContent = spec.info.title + ' API ' + spec.info.version;
  document.getElementById('about').textContent = spec.info.description;
  const calls = document.getElementById('calls');
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      call(calls, spec, path, method, operation);
    }
  }
});
"""


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """Returns the page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/page.js")
async def get_script() -> Response:
    """Returns the page's script, which is a file so that the policy can forbid inline scripts."""
    return Response(_SCRIPT, media_type="text/javascript")
