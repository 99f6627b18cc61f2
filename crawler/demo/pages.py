"""The pages of a court's register, as the primary template prints them: form, listing, card, hearings, act, and failures.

Each function takes values and gives the content of `div#modSdpContent` or a whole page; nothing is kept. Where the real
template leaves rows open, attributes unquoted and ampersands bare, so do these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from html import escape

from crawler.demo import chrome
from crawler.demo.docket import (
    APPEAL,
    CASSATION,
    FIRST,
    MATERIAL,
    REGISTERS,
    Act,
    Court,
    Event,
    Person,
    Register,
    Registration,
    printed_articles,
    printed_result,
)
from crawler.demo.markup import fill

ROWS = 25  # of a listing page
HIDDEN = "Информация скрыта"
LAW = (
    "В соответствии с Федеральным законом от 22.12.2008 № 262-ФЗ «Об обеспечении доступа к информации о деятельности судов в "
    "Российской Федерации» не все категории дел подлежат публикации и результат поиска может не отображать полный список дел, "
    "находящихся в суде на рассмотрении."
)
HOVER = (
    'onmouseout="this.style.backgroundColor=\'#ffffff\';" onmouseover="this.style.backgroundColor=\'#EFEFEF\';"'
)  # fmt: skip
OUTAGE = (
    "Информация временно недоступна. Приносим свои извинения. Попробуйте обратиться позже или обратитесь непосредственно в суд."
)


def _text(value: str | None) -> str:
    return escape(value, quote=False) if value else ""


def _day(day: date | None, empty: str = "") -> str:
    return f"{day:%d.%m.%Y}" if day else empty


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(map(_text, lines))


def _defendants(entry: Registration) -> str:
    """One item a defendant, as listings and hearing lists print them: a hidden name in angle brackets."""
    return ";<br>".join(
        f"{_text(person.name or f'<{HIDDEN}>')} - {_text(printed_articles(person))}" for person in entry.persons
    )


def _lower(entry: Registration) -> str:
    if entry.lower is None:
        return ""
    return (
        f"<br />Суд (судебный участок) первой инстанции:&nbsp;{entry.lower.court.abbreviation}"
        f"<br />Номер дела в первой инстанции:&nbsp;{_text(entry.lower.number)}"
    )


def _link(entry: Registration, ending: str) -> str:
    return (
        f"/modules.php?name=sud_delo&srv_num=1&name_op=case&case_id={entry.case_id}"
        f"&case_uid={entry.case_uid}&delo_id={entry.register.delo_id}{ending}"
    )


def _act_link(entry: Registration) -> str:
    if entry.act is None:
        grey = " style='background:#ddd;'" if entry.result is None else ""
        return f"<td{grey}>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;\t\t\t\t</td>"
    href = (
        f"/modules.php?name=sud_delo&srv_num=1&name_op=doc&number={entry.act.number}"
        f"&delo_id={entry.register.delo_id}&new={entry.register.new}&text_number=1"
    )
    icon = "<img src='/images/arow.gif' style='width: 15px; height: 17px; border: 0; cursor: pointer;'>"
    return f"<td>&nbsp;<a href='{href}' TITLE='{entry.act.kind}'>{icon}</a>&nbsp;&nbsp;&nbsp;&nbsp;\t\t\t\t</td>"


def listing(register: Register, found: Sequence[Registration], total: int, page: int, href: Callable[[int], str]) -> str:
    """One page of a listing. found: the rows of this page; total: of all; href: the address of another page."""
    first = ROWS * (page - 1) + 1
    pages = -(-total // ROWS)
    pager = _pager(page, pages, href) if pages > 1 else ""
    people = "Лица"
    if register in (APPEAL, CASSATION):
        people = "Лица / Суд (мировой судья) первой инстанции / Номер дела в первой инстанции"
    heads = (
        "№ дела", "Дата<br>поступления", people, "Судья", "Дата<br>решения", "Решение", "Дата вступления<br>в законную силу",
        "Судебные<br>акты",
    )  # fmt: skip
    head = "".join(f'<th style="text-align: center" >{text}</th>' for text in heads)
    return fill(
        "listing",
        title=register.title,
        law=LAW,
        pager=pager,
        total=total,
        first=first,
        last=first + len(found) - 1,
        head=head,
        rows="".join(map(_row, found)),
    )


def _row(entry: Registration) -> str:
    ending = "" if entry.register.new == "0" else f"&new={entry.register.new}"
    in_force = f"<td align='center'>{_day(entry.in_force)}</td>" if entry.in_force else "<td>&nbsp;</td>"
    return fill(
        "listing_row",
        hover=HOVER,
        card=_link(entry, ending),
        number=entry.printed_number,
        received=_day(entry.received),
        people=_defendants(entry),
        lower=_lower(entry),
        judge=_text(entry.judge),
        decided=_day(entry.decided, "&nbsp;"),
        result=_lines(entry.printed_result) or "&nbsp;",
        in_force=in_force,
        act=_act_link(entry),
    )


def _pager(page: int, pages: int, href: Callable[[int], str]) -> str:
    """`Страницы : 1 | 2`, with arrows to the ends; the addresses stand without quotes."""
    steps = [f"<b>{n}</b>" if n == page else f"<a href= {href(n)}>{n}</a>" for n in range(1, pages + 1)]
    text = "Страницы : " + " | ".join(steps)
    if page > 1:
        text = (
            f'<a href= {href(1)} title="На первую страницу списка"><<</a> '
            f'<a href= {href(page - 1)} title="Предыдущая страница"><</a> {text}'
        )
    if page < pages:
        text += (
            f' <a href= {href(page + 1)} title="Следующая страница">></a>\n\t\t\t\t\t '
            f' <a href= {href(pages)} title="На последнюю страницу списка">>></a>'
        )
    return text


def nothing_found(register: Register) -> str:
    """The answer to an empty window, and to a query that the register does not understand: they cannot be told apart."""
    return fill("nothing_found", law=LAW, back=_back(register))


def captcha_gate(register: Register) -> str:
    """The answer to a query without the code from the picture."""
    return fill("captcha_gate", back=_back(register))


def _back(register: Register) -> str:
    # The second `<a>` closes nothing: so it stands on the real pages.
    query = f"&name_op=sf&delo_id={register.delo_id}&case_type=0&new={register.new}"
    form = f"'/modules.php?name=sud_delo&srv_num=' + srv_num + '{query}'"
    return f'<a href="#" onclick="document.location.href = {form};">Вернуться на форму поиска<a>'


def search_form(register: Register) -> str:
    """The form, which also answers a query that lacks one of its hidden fields."""
    table, capital = register.table, register.table.upper().split("_")[0]
    fields = (
        ("Фамилия", f"{capital}_DEFENDANT__NAMESS"),
        ("Номер дела (материала)", f"{table}__CASE_NUMBERSS"),
        ("Уникальный идентификатор дела", f"{table}__JUDICIAL_UIDSS"),
        ("Статья", f"{capital}_DEFENDANT__LAW_ARTICLESS"),
    )
    rows = "".join(fill("form_field", label=label, name=name) for label, name in fields)
    return fill("form", delo_id=register.delo_id, new=register.new, title=register.title, fields=rows, table=table)


# ---- the card


def card(entry: Registration) -> str:
    """A case card with all its tabs. The movement and the people are printed without a line break, as the real ones are."""
    material = entry.register == MATERIAL
    tabs = [("МАТЕРИАЛ" if material else "ДЕЛО", _case_tab(entry))]
    if entry.lower is not None:
        tabs.append(("РАССМОТРЕНИЕ В НИЖЕСТОЯЩЕМ СУДЕ", _lower_tab(entry)))
    movement = "ДВИЖЕНИЕ МАТЕРИАЛА" if material else "ДВИЖЕНИЕ ДЕЛА"
    tabs.append((movement, _table(movement, MOVEMENT, map(_movement_row, entry.events))))
    tabs.append(("ЛИЦА", _people_tab(entry)))
    if entry.parties:
        rows = ((party.role, _text(party.name), "", "", "", "") for party in entry.parties)
        tabs.append(("СТОРОНЫ", _table("СТОРОНЫ", PARTIES, rows)))
    if entry.act is not None:
        tabs.append(("СУДЕБНЫЕ АКТЫ", _act_tab(entry.act)))
    count = len(tabs)
    heads = "".join(
        f"<li id='tab{n}' class='{'sel' if n == 1 else 'nonsel'}'>"
        f"<a href='#' onclick='index({n}, {count}); return false;'>&nbsp;{name}&nbsp;</a></li>"
        for n, (name, _) in enumerate(tabs, start=1)
    )
    bodies = "".join(
        f"<div id='cont{n}' style='display: {'block' if n == 1 else 'none'}; padding: 0 15px 15px 15px;'>{body}</div>"
        for n, (_, body) in enumerate(tabs, start=1)
    )
    stamp = ""
    if entry.published and entry.modified:
        text = f"опубликовано {_moment(entry.published)}, изменено {_moment(entry.modified)}"
        stamp = f'<div class="outputArea publishInfo">{text}</div>'
    kind = "МАТЕРИАЛ" if material else "ДЕЛО"
    return fill(
        "card", title=entry.register.title, kind=kind, number=entry.printed_number, heads=heads, bodies=bodies, stamp=stamp
    )


MOVEMENT = (
    "Наименование события", "Дата", "Время", "Место проведения", "Результат события",
    "Основание для выбранного результата события", "Примечание", "Дата размещения",
)  # fmt: skip
PARTIES = (
    "Вид лица, участвующего в деле", "Лицо, участвующее в деле (ФИО, наименование)", "ИНН", "КПП", "ОГРН", "ОГРНИП",
)  # fmt: skip
ACCUSED = ("Фамилия / наименование", "Перечень статей", "Дата рассмотрения дела в отношении лица", "Результат в отношении лица")
APPELLANTS = (
    "Фамилия / наименование", "Перечень статей", "Материал (судебн. контроля, в пор. исполн. приговора и иные)",
    "Результат в отношении лица", "Основания отмены (изменения) решения",
)  # fmt: skip
PLACED_NOTE = (
    "&nbsp;<span class='tooltipShow'><img src='/images/help.gif'><span>Информация о размещении событий в движении дела "
    "предоставляется на основе сведений, хранящихся в учетной системе судебного делопроизводства</span></span>"
)


def _moment(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y %H:%M}"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(
        f"<td align='center'><b>{column}</b>{PLACED_NOTE if column == MOVEMENT[-1] else ''}</td>" for column in columns
    )
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<br><table width='100%' border='0' cellpadding='3' cellspacing='0' id='tablcont'>"
        f"<tr><th colspan=10>{title}</th></tr><tr>{heads}</tr>{cells}</table>"
    )


def _movement_row(event: Event) -> tuple[str, ...]:
    return (
        _text(event.name), _day(event.day), event.time, _text(event.place), _text(event.result), _text(event.reason),
        _text(event.note), _day(event.placed),
    )  # fmt: skip


def _pairs(title: str, pairs: Iterable[tuple[str, str | None]]) -> str:
    """A table of names and values. Its first row is never closed, and a line break stands where none may."""
    rows = "".join(fill("pair", name=name, value=value) for name, value in pairs if value)
    return fill("pairs", title=title, rows=rows)


def _case_tab(entry: Registration) -> str:
    uid = (
        f"<a style='font-size:12px;' href='/modules.php?name=sud_delo&name_op=r_juid&vnkod={entry.court.code}&srv_num=1"
        f"&delo_id={entry.register.delo_id}&case_type=0&judicial_uid={entry.uid}'><u>{entry.uid}</u></a>"
    )
    return _pairs(
        "МАТЕРИАЛ" if entry.register == MATERIAL else "ДЕЛО",
        (
            ("Уникальный идентификатор дела", uid if entry.uid else None),
            ("Дата поступления", _day(entry.received)),
            ("Номер по предыдущей регистрации", _text(entry.number_previous)),
            ("Судья", _text(entry.judge)),
            ("Дата рассмотрения", _day(entry.decided)),
            ("Результат рассмотрения", _lines(entry.printed_result) or None),
            ("Признак рассмотрения дела", "Рассмотрено единолично судьей" if entry.result else None),
        ),
    )


def _lower_tab(entry: Registration) -> str:
    assert entry.lower is not None
    return _pairs(
        "РАССМОТРЕНИЕ В НИЖЕСТОЯЩЕМ СУДЕ",
        (
            ("Регион суда первой инстанции", entry.lower.court.area),
            ("Суд (судебный участок) первой инстанции", entry.lower.court.title),
            ("Номер дела в первой инстанции", _text(entry.lower.number)),
            ("Судья (мировой судья) первой инстанции", _text(entry.lower.judge)),
        ),
    )


def _people_tab(entry: Registration) -> str:
    first = entry.register in (FIRST, MATERIAL)

    def row(person: Person) -> tuple[str, ...]:
        result = _lines(printed_result(person.result, entry.court))
        opening = (_text(person.name or HIDDEN), _text(printed_articles(person)))
        return (*opening, _day(person.decided), result) if first else (*opening, "", result, "")

    columns = ACCUSED if first else APPELLANTS
    return _table("ЛИЦА", columns, map(row, entry.persons))


def _act_tab(act: Act) -> str:
    return (
        f"<ul class='tabs'><li id='tab_doc1' class='sel'><a href='#' onclick='index_docs(1, 1); return false;'>"
        f"&nbsp;Судебный акт #1 ({act.kind})&nbsp;</a></li></ul><div class='contentt'><div id='cont_doc1' "
        f"style='display: block; padding: 15px; font-size: 14px; color: black;'>{_act_text(act)}</div></div>"
    )


def _act_text(act: Act) -> str:
    """The act is an HTML document of its own, inside the page."""
    paragraphs = "\n".join(f'<P style="TEXT-ALIGN: justify; TEXT-INDENT: 0.5in">{_text(line)}</P>' for line in act.paragraphs)
    return (
        f'<HTML><HEAD><TITLE></TITLE>\n\n</HEAD>\n<BODY><SPAN style="TEXT-ALIGN: justify">\n{paragraphs}</SPAN></BODY></HTML>'
    )


# ---- hearings, acts, one identifier over all courts


def hearing_list(day: date, heard: Sequence[tuple[Registration, Event]]) -> str:
    """What is heard on a day. The outer `div` has the table's id too; section rows part the registers."""
    parts, number = [], 0
    for register in REGISTERS[::-1]:
        rows = [row for row in heard if row[0].register == register]
        if rows:
            parts.append(f"\t\t    <tr bgcolor='#DEDEDE'><td colspan=8><b>{register.title}</b></td></tr>")
        for entry, event in rows:
            number += 1
            ending = "&new=" if register.new == "0" else f"&new={register.new}"
            parts.append(
                fill(
                    "hearing_row",
                    hover=HOVER,
                    n=number,
                    card=_link(entry, ending),
                    number=entry.printed_number,
                    time=event.time,
                    place=_text(event.place) or "&nbsp;",
                    people=_defendants(entry),
                    lower=_lower(entry),
                    judge=_text(entry.judge),
                    result=_text(event.result) or "&nbsp;",
                )
            )
    heads = (
        "№ п/п", "Номер дела", "Время слушания", "Место проведения<br>(Зал судебного заседания)", "Информация по делу", "Судья",
        "Результат слушания", "Судебные<br>акты",
    )  # fmt: skip
    cells = "\n\t\t\t    ".join(f"<td><b>{head}</b></td>" for head in heads)
    table = fill("hearing_table", heads=cells, rows="".join(parts))
    if not heard:
        table = f"<div align='center' id='error'>На {_day(day)} дел не назначено</div>"
    return fill("hearings", day=_day(day), law=LAW, table=table)


def act_page(act: Act | None) -> str:
    """The text of an act on a page of its own; past the last text there is an empty document."""
    return f"<div id='content'>{_act_text(act) if act else 'ПУСТОЙ ДОКУМЕНТ'}</div>"


def one_identifier(chain: Sequence[Registration]) -> str:
    """All registrations under one judicial identifier, each linked at its own court's dot host."""
    heads = (
        "Суд", "Номер дела", "Дата поступления", "Информация по делу", "Судья", "Дата решения", "Решение", "Судебные акты",
    )  # fmt: skip
    rows = "".join(
        "<tr>"
        f"<td>{entry.court.title}</td>"
        f"<td><a href='http://{entry.court.dot}{_link(entry, f'&case_type=0&new={entry.register.new}')}'>"
        f"{entry.printed_number}</a></td>"
        f"<td>{_day(entry.received)}</td>"
        f"<td>{_defendants(entry)}</td>"
        f"<td>{_text(entry.judge)}</td>"
        f"<td>{_day(entry.decided)}</td>"
        f"<td>{_lines(entry.printed_result)}</td>"
        "<td></td></tr>\n"
        for entry in chain
    )
    return fill("one_identifier", count=len(chain), heads="".join(f"<th>{head}</th>" for head in heads), rows=rows)


# ---- failures that are whole pages


def outage(court: Court) -> bytes:
    """The module is out: the site stands, and says so where the register would be."""
    return chrome.site(court, OUTAGE)


def blocked(host: str) -> bytes:
    """The platform's guard refuses the visitor."""
    return chrome.encoded(
        "<HTML><HEAD><TITLE>ГАС «Правосудие»</TITLE></HEAD><BODY>"
        "<h3>Этот запрос заблокирован по соображениям безопасности (G)</h3>"
        f"ip: 203.0.113.7\nHost: {host} , /modules.php\nNowhere</BODY></HTML>"
    )


def not_found(court: Court) -> bytes:
    """No such page, or no longer."""
    return chrome.site(
        court, "<div id='content'><h1>Страница не найдена</h1><p>Возможно, она была удалена или перемещена.</p></div>"
    )


def unavailable() -> bytes:
    """The site itself is out (status 503)."""
    return chrome.encoded(
        "<html><head><title>503</title></head><body><center><h1>сайт временно недоступен</h1></center><hr></body></html>\n"
    )
