"""Screens: HTML drawn in Python, one hand-written style sheet, one small script. No package of this layer talks to anything.

```
door ── view model (frozen, strings and numbers ready to show) ──► render.page(…) ──► Jinja template ──► text
          │                                                          │
          ├─ forms      what was typed, and what is wrong with it    ├─ i18n     catalogue, money, time
          ├─ order      the order page's view from an order          ├─ assets   hashed names of static files
          ├─ faults     errors as pages                              ├─ art, qr  icons, product tiles, QR codes (SVG, drawn here)
          └─ visitor    what a browser brings along: cookies         │
                                                                     └─ prose    Markdown of merchants, HTML off
templates/base   layout and macros (one macro is one component)      templates/shop   the screens, shared by storefront and reveal
```
May import: the standard library, jinja2, markdown_it, segno and `faka.kernel`. The build (`infra/tools/pages.py`) compiles
templates and catalogues into `build/`; without it everything is read from its source, by the same code.
"""
