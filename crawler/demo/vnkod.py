"""The pages of a court's register, as the VNKOD template prints them: listing, card, hearings, and a refusal.

Every table has a copy of its rows for phones beside it, which a reader must not count; header cells are `td`; the order of a
card's columns differs between courts. Acts stand on no page of their own: a card shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from html import escape

from crawler.demo.docket import Event, Register, Registration, printed_articles, printed_result

ROWS = 25  # of a listing page
REFUSED = "НЕВЕРНЫЙ ФОРМАТ ЗАПРОСА!"
HIDDEN = "Информация скрыта"
_HEADS = (
    "Номер дела", "Дата поступления", "Информация по делу", "Судья", "Дата решения", "Решение",
    "Дата вступления в законную силу", "Судебные акты",
)  # fmt: skip
_HEARING_HEADS = (
    "№ п/п", "Номер дела", "Время слушания", "Место проведения", "Информация по делу", "Судья", "Результат слушания",
    "Судебные акты",
)  # fmt: skip
_PERSON_HEADS = (
    "Фамилия / наименование", "Перечень статей", "Дата рассмотрения дела в отношении лица", "Результат в отношении лица",
)  # fmt: skip
_EVENT_HEADS = (
    "Наименование события", "Результат события", "Основания для выбранного результата события", "Дата события",
    "Время события", "Дата размещения",
)  # fmt: skip


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else ""


def _text(value: str | None) -> str:
    return escape(value, quote=False) if value else ""


def _link(entry: Registration) -> str:
    href = entry.card.removeprefix(f"https://{entry.court.dash}")
    return f'<a class="dashed open-lawcase" href="{href}">{entry.printed_number}</a>'


def _people(entry: Registration) -> str:
    return "<br>".join(f"{_text(person.name or f'<{HIDDEN}>')} - {_text(printed_articles(person))}" for person in entry.persons)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    head = "".join(f'<td class="text-center">{each}</td>' for each in heads)
    cells = ("".join(f'<td class="vert-align">{cell}</td>' for cell in row) for row in rows)
    body = "".join(f"<tr>{each}</tr>\n" for each in cells)
    return f'<table class="law-case-table {kind}"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>'


def _page(title: str, inner: str, today: date) -> str:
    """What the module prints around a list or a card: the hearing form before it."""
    return (
        '<div id="modSdpContent"><div class="form-container"><form id="calformH"><div class="choose-date">'
        '<span class="date-label">Список дел, назначенных к слушанию на</span>'
        f'<span><input id="H_date" class="date" value="{today:%d.%m.%Y}"></span></div></form></div><hr>'
        f'<div id="search_results"><div class="name-instanse">{title}</div><hr>{inner}</div></div>'
    )


def listing(
    register: Register, found: Sequence[Registration], total: int, page: int, href: Callable[[int], str], today: date
) -> str:
    """One page of a listing. found: the rows of this page; total: of all; href: the address of another page."""
    first = ROWS * (page - 1) + 1
    rows = [
        (
            _link(entry), _day(entry.received), _people(entry), _text(entry.judge), _day(entry.decided),
            "<br>".join(map(_text, entry.printed_result)), _day(entry.in_force), "",
        )
        for entry in found
    ]  # fmt: skip
    phones = "".join(
        f'<div class="mobile-lawcase-card"><time>Поступило: {_day(entry.received)}</time><div class="m-number">{_link(entry)}'
        f'</div><table class="law-case-table"><tr><td>Судья</td><td>{_text(entry.judge)}</td></tr></table></div>\n'
        for entry in found
    )
    turned = "".join(f'<li><a href="{href(n)}">{n}</a></li>' for n in range(1, -(-total // ROWS) + 1) if n != page)
    pager = f'<div class="lawcase-paging"><ul class="pagination">{turned}</ul></div>' if turned else ""
    counter = (
        f'<div class="lawcase-count">Всего по запросу найдено - <b>{total}</b>.'
        f"<span> На странице записи с <b>{first}</b> по <b>{first + len(found) - 1}</b>.</span></div>"
    )
    table = f'<div id="resultTable">{_table(_HEADS, rows, "line-hover")}</div>'
    return _page(register.title, f'{counter}{table}<div id="resultMob" class="mt7">{phones}</div>{pager}', today)


def nothing_found(register: Register, today: date) -> str:
    """The answer to an empty window."""
    return _page(register.title, "<div id='error'>Данных по запросу не обнаружено. Уточните критерии поиска.</div>", today)


def refused() -> str:
    """The answer to a query of the other dialect."""
    return f'<div id="modSdpContent">{REFUSED}</div>'


def hearing_list(register: Register, day: date, heard: Sequence[tuple[Registration, Event]]) -> str:
    """What is heard on a day."""
    if not heard:
        return _page(register.title, f"<div id='error'>На {_day(day)} дел не назначено</div>", day)
    rows = [
        (
            str(n), _link(entry), event.time, _text(event.place), _people(entry), _text(entry.judge), _text(event.result), "",
        )
        for n, (entry, event) in enumerate(heard, start=1)
    ]  # fmt: skip
    return _page(register.title, f'<div id="resultTable">{_table(_HEARING_HEADS, rows, "line-hover")}</div>', day)


def card(entry: Registration, today: date) -> str:
    """A case card. At courts whose clerks write in capitals the columns of the movement stand with the date first."""
    tabs = [("Case", "ДЕЛО", _case(entry)), ("EventList", "ДВИЖЕНИЕ ДЕЛА", _events(entry))]
    people = [
        (
            _text(person.name or HIDDEN), _text(printed_articles(person)), _day(person.decided),
            "<br>".join(map(_text, printed_result(person.result, entry.court))),
        )
        for person in entry.persons
    ]  # fmt: skip
    phones = "".join(
        f'<div class="mobile-lawcase-item block-mobile"><table class="law-case-table"><tbody><tr><td><b>{_PERSON_HEADS[0]}</b>'
        f"</td><td>{row[0]}</td></tr></tbody></table></div>"
        for row in people
    )
    tabs.append(("DefList", "ЛИЦА", _table(_PERSON_HEADS, people, "list none-mobile") + phones))
    if entry.parties:
        heads = ("Процессуальный статус", "ФИО", "ИНН", "КПП", "ОГРН")
        rows = [(party.role, _text(party.name), "", "", "") for party in entry.parties]
        tabs.append(("PersonList", "СТОРОНЫ", _table(heads, rows, "list none-mobile")))
    marks = "".join(f'<li id="tab_id_{name}">{title}</li>' for name, title, _ in tabs)
    bodies = "".join(f'<div id="tab_content_{name}" class="lawcase-tab-content">{body}</div>\n' for name, _, body in tabs)
    stamp = ""
    if entry.published and entry.modified:
        text = f"опубликовано {entry.published:%d.%m.%Y %H:%M}, изменено {entry.modified:%d.%m.%Y %H:%M}"
        stamp = f'<div class="outputArea publishInfo">{text}</div>'
    number = f'<div class="case-num">ДЕЛО № {entry.printed_number}</div>'
    inner = f'{number}<ul id="case_bookmarks" class="bookmarks">{marks}</ul>\n{bodies}{stamp}'
    return _page(entry.register.title, f'<div id="case_window" class="container">{inner}</div>', today)


def _case(entry: Registration) -> str:
    uid = (
        '<a class="dashed" href="/modules.php?name=sud_delo&name_op=r&srv_num=1&token=judicial_uid'
        f'&case__judicial_uidss={entry.uid}&_ord=asc">{entry.uid}</a>'
    )
    pairs = (
        ("Уникальный идентификатор дела", uid),
        ("Дата поступления", _day(entry.received)),
        ("Номер по предыдущей регистрации", _text(entry.number_previous)),
        ("Председательствующий судья", _text(entry.judge)),
        ("Дата рассмотрения", _day(entry.decided)),
        ("Результат рассмотрения", "<br>".join(map(_text, entry.printed_result))),
    )
    rows = "".join(f"<tr><td><b>{name}</b></td><td>{value}</td></tr>\n" for name, value in pairs if value)
    return f'<table class="law-case-table"><tbody>\n{rows}</tbody></table>'


def _events(entry: Registration) -> str:
    order = (3, 4, 0, 1, 2, 5) if entry.court.loud else range(6)
    rows = [
        (_text(e.name), _text(e.result), _text(e.reason), _day(e.day), e.time, _day(e.placed)) for e in entry.events
    ]  # fmt: skip
    phones = "".join(
        f'<div class="mobile-lawcase-item block-mobile"><h2>{_day(e.day)} {e.time}</h2><ul><li><b>{_text(e.name)}</b></li>'
        f"<li>Результат: <b>{_text(e.result)}</b></li></ul></div>"
        for e in entry.events
    )
    heads = [_EVENT_HEADS[n] for n in order]
    return _table(heads, [[row[n] for n in order] for row in rows], "non-list none-mobile") + phones
