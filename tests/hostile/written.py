"""Pages that come in a page's place, in our own words, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """One answer. words: the verdicts that fit it."""

    name: str
    words: frozenset[str]
    body: bytes
    status: int = 200
    fields: tuple[tuple[str, str], ...] = ()


def page(title: str, text: str, extra: str = "") -> bytes:
    return f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p>{extra}</body></html>".encode()


def said(name: str, words: str, title: str, text: str, extra: str = "", status: int = 200, **fields: str) -> Written:
    told = tuple((key.replace("_", "-"), value) for key, value in fields.items())
    return Written(name, frozenset(words.split("|")), page(title, text, extra), status, told)


# A long text that is about something else: an article's length with no article of the kind that was asked for.
LONG = "Все права защищены. Сайт использует файлы cookie для удобства посетителей. " * 30

CASES = [
    said(
        "captcha ru",
        "captcha",
        "Проверка",
        "Подтвердите, что вы не робот, и введите символы с картинки.",
        "<img src=/kcaptcha/?1>",
    ),
    said("captcha en", "captcha", "One more step", "Please complete the captcha to continue.", "<div class=h-captcha></div>"),
    said("captcha smart", "captcha", "Вы не робот?", "Нажмите, чтобы продолжить", '<div class="smart-captcha"></div>'),
    said("captcha turnstile", "captcha", "Verification", "Verify you are human by completing the action below."),
    said("captcha form", "captcha", "Поиск", "Введите код", "<form action=/captcha.php><input name=captcha_code></form>"),
    said("captcha yandex", "captcha", "Ой!", "Запросы похожи на автоматические", "<form action=/checkcaptcha?key=1></form>"),
    said("browser check ru", "blocked", "Проверка браузера", "Идёт проверка вашего браузера. Это займёт несколько секунд."),
    said("browser check en", "blocked", "Just a moment...", "Enable JavaScript and cookies to continue"),
    said("browser check header", "blocked", "Суд", LONG, cf_mitigated="challenge"),
    said("ddos guard", "blocked", "DDoS-Guard", "Checking your browser before accessing the site"),
    said("qrator", "blocked", "Загрузка", "…", "<script src=/__qrator/qauth_utm_v2.js></script>"),
    said("incapsula", "blocked", "Суд", "", '<iframe src="/_Incapsula_Resource?CWUDNSAI=1"></iframe>'),
    said("aws waf", "blocked|captcha", "Court", "", x_amzn_waf_action="challenge"),
    said("forbidden ru", "blocked", "Доступ запрещён", "Ваш IP-адрес заблокирован администратором."),
    said("forbidden en", "blocked", "403 Forbidden", "nginx"),
    said(
        "access denied",
        "blocked",
        "Access Denied",
        "You don't have permission to access this page on this server. Reference #18.",
    ),
    said("waf bitrix", "blocked", "Сообщение", "Ваш запрос заблокирован системой защиты."),
    said("geo ru", "blocked", "Доступ ограничен", "Доступ к сайту из вашего региона ограничен."),
    said("geo en", "blocked", "Access denied", "This content is not available in your country."),
    said("state block", "blocked", "Внимание", "Доступ к ресурсу заблокирован по решению уполномоченного органа."),
    said("state block 451", "blocked", "Unavailable For Legal Reasons", "Removed", status=451),
    said("too many requests", "blocked", "Too many requests", "Slow down", status=429),
    said("outage ru", "outage", "Технические работы", "На сайте ведутся технические работы. Приносим извинения."),
    said("outage ru 2", "outage", "Информация", "Информация временно недоступна. Обратитесь к сервису позднее."),
    said("outage en", "outage", "Under maintenance", "We will be back soon"),
    said("outage 502", "outage", "502 Bad Gateway", "nginx"),
    said("outage database", "outage", "Error", "Error establishing a database connection"),
    said("outage status", "outage", "Суд", LONG, status=503),
    said("login ru", "login", "Вход в систему", "Введите логин и пароль", "<form><input type=password></form>"),
    said("login en", "login", "Sign in", "Members only", "<form><input type=password name=p></form>"),
    said("login status", "login", "Authorization Required", "", status=401),
    said("proxy login", "login", "Proxy Authentication Required", "", status=407),
    said("hotel network", "login", "Network Authentication Required", "Log in to the hotel's network", status=511),
    said("soft 404 ru", "soft-404", "Страница не найдена", "К сожалению, запрашиваемая страница не найдена."),
    said("soft 404 en", "soft-404", "Page not found", "Sorry, that page doesn't exist."),
    said("soft 404 number", "soft-404", "404", "Nothing here"),
    said("removed", "gone", "Дело", LONG, status=410),
    said("parked en", "parked", "court.example", "This domain is for sale. Buy this domain today."),
    said("parked ru", "parked", "Домен продаётся", "Этот домен продаётся, обратитесь к владельцу."),
    said("expired domain", "parked", "court.example", "The domain has expired. Renew it now."),
    said("home page", "other-page", "Главная", "Добро пожаловать на сайт суда"),
    said(
        "consent wall ru",
        "other-page",
        "Мы ценим вашу приватность",
        "Примите файлы cookie, чтобы продолжить.",
        "<button>Принять</button>",
    ),
    said("consent wall en", "other-page", "Before you continue", "We use cookies. Accept all to continue to the site."),
    said("paywall", "other-page", "Subscribe to read", "This article is for subscribers."),
    said("refresh home", "other-page", "", "", '<meta http-equiv=refresh content="0;url=/">'),
    said("script only", "other-page", "", "", "<script>document.cookie='a=1';location.reload()</script>"),
    said("frames", "other-page", "Суд", "", "<iframe src=/main></iframe>"),
    said("default apache", "other-page", "It works!", "This is the default web page for this server."),
    said("directory", "other-page", "Index of /", "Parent Directory"),
    said("a json answer", "other-page", "", "", content_type="application/json"),
    Written("nothing", frozenset(("outage",)), b""),
    Written("blanks", frozenset(("outage",)), b" \r\n\t\n"),
    Written("half a tag", frozenset(("other-page",)), b"<html><head><tit"),
    Written(
        "another card",
        frozenset(("other-page", "unreadable", "wrong-query")),
        page("Дело", "Запрашиваемое дело не совпадает. " * 4),
    ),
]
