"""The invented pages of a garrison court and of the court above it, and the addresses they answer."""

from __future__ import annotations

from pathlib import Path

from crawler.page import Page

PAGES = Path(__file__).parent / "pages"
GARRISON, DISTRICT = (
    "https://sgvs--sml.sudrf.ru/modules.php?name=sud_delo",
    "https://2zovs--msk.sudrf.ru/modules.php?name=sud_delo",
)
QUERY = f"{GARRISON}&srv_num=1&name_op=r&delo_id=1540006&case_type=0&new=0&delo_table=u1_case"
ADDRESSES = {
    "card": f"{GARRISON}&srv_num=1&name_op=case&case_id=9000001&case_uid=00000001-AAAA-4bbb-8ccc-000000000001&delo_id=1540006",
    "hearings": f"{DISTRICT}&srv_num=1&H_date=12.08.2026",
    "no_hearings": f"{DISTRICT}&srv_num=1&H_date=13.08.2026",
}


class Site:
    """Opens the invented pages as if their court had sent them: windows-1251, and the header says so."""

    def source(self, name: str) -> str:
        return (PAGES / f"{name}.html").read_bytes().decode("cp1251")

    def open(self, name: str, url: str | None = None) -> Page:
        return self.served(self.source(name), url or ADDRESSES.get(name, QUERY))

    def served(self, source: str, url: str) -> Page:
        return Page.open(source.encode("cp1251"), url, content_type="text/html; charset=windows-1251")
