"""Great Expectations' own Data Docs pages, in our style.

They take their style and their scripts from four public hosts. These take nothing from anywhere. Imported only when checks
run: it imports Great Expectations.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import FileSystemBytecodeCache

from tieout.quality.pages import STYLE


class OfflinePageView(DefaultJinjaPageView):
    """Great Expectations' page without what it loads from elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.env.bytecode_cache = FileSystemBytecodeCache()  # or each task compiles fifty templates

    def render(self, document: Any, template: Any = None, **kwargs: Any) -> str:
        """Return the page as HTML."""
        page = super().render(document, template, **kwargs)
        page = re.sub(r"<(script|picture|footer)\b.*?</\1>", "", page, flags=re.DOTALL)
        page = re.sub(r"<(?:link|img)\b[^>]*>|url\('https?://[^)]*\)", "", page)
        return page.replace("</head>", f"<style>{STYLE}</style></head>")


def site_config(folder: Path) -> Any:
    """Return the configuration of a Data Docs site in a folder."""
    view = {"module_name": __name__, "class_name": OfflinePageView.__name__}
    section = {"class_name": "DefaultSiteSectionBuilder", "view": view}
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        "site_section_builders": {"validations": section, "expectations": section, "profiling": "None"},
    }
