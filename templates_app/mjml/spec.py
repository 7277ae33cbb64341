"""MJML 4 as data: which tag may stand where, with which attributes. Source: the MJML documentation, version 4.15."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tag:
    """`holds_html`: an ending tag, with HTML and text in it and no MJML. `holds_text`: plain text only."""

    parents: frozenset[str]
    attributes: frozenset[str] = frozenset()
    holds_html: bool = False
    holds_text: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_INNER = "inner-padding inner-padding-top inner-padding-right inner-padding-bottom inner-padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position"
    " background-position-x background-position-y"
)
_FONT = "color font-family font-size font-style font-weight line-height letter-spacing text-decoration text-transform"
_LINK = "href rel target title name"
_IMAGE = f"src srcset sizes alt width height {_LINK} usemap"
_COLUMN = "mj-column mj-hero"

HEAD = _words("mj-head")
IN_BODY = _words("mj-body mj-wrapper")

TAGS: dict[str, Tag] = {
    "mjml": Tag(frozenset({""}), _words("lang dir owa xmlns version")),
    "mj-head": Tag(_words("mjml")),
    "mj-body": Tag(_words("mjml"), _words("background-color css-class width id lang dir title")),
    # head
    "mj-attributes": Tag(HEAD),
    "mj-all": Tag(_words("mj-attributes")),
    "mj-class": Tag(_words("mj-attributes")),
    "mj-breakpoint": Tag(HEAD, _words("width")),
    "mj-font": Tag(HEAD, _words("name href")),
    "mj-preview": Tag(HEAD, holds_text=True),
    "mj-style": Tag(HEAD, _words("inline"), holds_text=True),
    "mj-title": Tag(HEAD, holds_text=True),
    # layout
    "mj-section": Tag(IN_BODY, _words(f"{_BACKGROUND} {_BORDER} direction full-width text-align {_PADDING}")),
    "mj-wrapper": Tag(
        _words("mj-body"), _words(f"{_BACKGROUND} {_BORDER} direction full-width gap text-align {_PADDING}")
    ),
    "mj-group": Tag(_words("mj-section"), _words("width vertical-align background-color direction")),
    "mj-column": Tag(
        _words("mj-section mj-group"),
        _words(
            f"background-color {_BORDER} inner-background-color inner-border inner-border-top inner-border-right"
            f" inner-border-bottom inner-border-left inner-border-radius width vertical-align direction {_PADDING}"
        ),
    ),
    "mj-hero": Tag(
        IN_BODY,
        _words(
            f"mode height background-width background-height {_BACKGROUND} border-radius container-background-color"
            f" inner-background-color align width vertical-align {_INNER} {_PADDING}"
        ),
    ),
    # what stands in a column
    "mj-text": Tag(
        _words(_COLUMN),
        _words(f"{_FONT} align container-background-color height vertical-align {_PADDING}"),
        holds_html=True,
    ),
    "mj-button": Tag(
        _words(_COLUMN),
        _words(
            f"{_FONT} {_BORDER} {_LINK} align background-color container-background-color height {_INNER} text-align"
            f" vertical-align width {_PADDING}"
        ),
        holds_html=True,
    ),
    "mj-image": Tag(
        _words(_COLUMN),
        _words(f"{_IMAGE} {_BORDER} align container-background-color fluid-on-mobile font-size max-height {_PADDING}"),
    ),
    "mj-divider": Tag(
        _words(_COLUMN),
        _words(f"border-color border-style border-width container-background-color width align {_PADDING}"),
    ),
    "mj-spacer": Tag(_words(_COLUMN), _words(f"container-background-color height {_PADDING}")),
    "mj-table": Tag(
        _words(_COLUMN),
        _words(
            f"{_FONT} align border cellpadding cellspacing container-background-color role table-layout width"
            f" vertical-align {_PADDING}"
        ),
        holds_html=True,
    ),
    "mj-raw": Tag(
        _words("mj-head mj-body mj-wrapper mj-section mj-group mj-column mj-hero mj-social mj-navbar mj-accordion"),
        _words("position"),
        holds_html=True,
    ),
    "mj-social": Tag(
        _words(_COLUMN),
        _words(
            f"{_FONT} align border-radius container-background-color icon-height icon-size icon-padding mode"
            f" text-padding table-layout vertical-align {_INNER} {_PADDING}"
        ),
    ),
    "mj-social-element": Tag(
        _words("mj-social"),
        _words(
            f"{_FONT} {_IMAGE} align background-color border-radius icon-height icon-padding icon-position icon-size"
            f" text-padding vertical-align {_PADDING}"
        ),
        holds_html=True,
    ),
    "mj-navbar": Tag(
        _words(_COLUMN),
        _words(
            "align base-url hamburger ico-align ico-open ico-close ico-color ico-font-family ico-font-size"
            " ico-line-height ico-padding ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left"
            f" ico-text-decoration ico-text-transform {_PADDING}"
        ),
    ),
    "mj-navbar-link": Tag(_words("mj-navbar"), _words(f"{_FONT} {_LINK} {_PADDING}"), holds_html=True),
    "mj-accordion": Tag(
        _words(_COLUMN),
        _words(
            "border container-background-color font-family icon-align icon-height icon-position icon-width"
            f" icon-unwrapped-alt icon-unwrapped-url icon-wrapped-alt icon-wrapped-url {_PADDING}"
        ),
    ),
    "mj-accordion-element": Tag(
        _words("mj-accordion"),
        _words(
            "background-color border font-family icon-align icon-height icon-position icon-width icon-unwrapped-alt"
            " icon-unwrapped-url icon-wrapped-alt icon-wrapped-url"
        ),
    ),
    "mj-accordion-title": Tag(
        _words("mj-accordion-element"),
        _words(f"background-color color font-family font-size font-weight {_PADDING}"),
        holds_html=True,
    ),
    "mj-accordion-text": Tag(
        _words("mj-accordion-element"), _words(f"background-color {_FONT} {_PADDING}"), holds_html=True
    ),
    "mj-carousel": Tag(
        _words(_COLUMN),
        _words(
            "align border-radius container-background-color icon-width left-icon right-icon tb-border tb-border-radius"
            f" tb-hover-border-color tb-selected-border-color tb-width thumbnails {_PADDING}"
        ),
    ),
    "mj-carousel-image": Tag(
        _words("mj-carousel"),
        _words(f"{_IMAGE} border-radius tb-border tb-border-radius thumbnails-src css-class"),
    ),
}

EVERYWHERE = _words("css-class mj-class")
# Tags of MJML that we refuse, or cannot do: the scanner says why.
REFUSED = _words("mj-include mj-html-attributes mj-selector mj-html-attribute")
VOID = _words("area base br col embed hr img input link meta param source track wbr")
# HTML that a mail must not carry.
DANGEROUS = _words("script iframe frame frameset object embed applet base portal")
# Where text is moved out by HTML parsers: Liquid tags travel as comments there.
TABLE_PARTS = _words("table thead tbody tfoot tr colgroup")
