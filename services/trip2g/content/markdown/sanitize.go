package markdown

import (
	"bytes"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"trip2g/services/trip2g"
)

// policy allows harmless HTML of notes: text, structure, images, audio and video. It allows no
// script, style, form, frame, embedded object or event handler, no URL that runs code, and no class
// or id of the surrounding page. It is safe for concurrent use.
var policy = newPolicy()

// Patterns of attribute values.
var (
	identity  = regexp.MustCompile(`^\^?[\p{L}\p{N}][\p{L}\p{M}\p{N}_:.-]*$`) // "^" begins a block's id
	anchor    = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}_:.-]*$`)
	direction = regexp.MustCompile(`^(ltr|rtl|auto)$`)
	language  = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	pixels    = regexp.MustCompile(`^[0-9]{1,4}%?$`)
	pdfURL    = regexp.MustCompile(`^` + regexp.QuoteMeta(trip2g.AssetPrefix) + `[0-9a-z]+/[^/?#]+\.(?i:pdf)(#.*)?$`)
	nothing   = regexp.MustCompile(`^$|^(open|checked|disabled|controls|loop|muted)$`)
)

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "wbr", "h1", "h2", "h3", "h4", "h5", "h6", "div", "span", "blockquote", "pre", "code",
		"ul", "ol", "li", "dl", "dt", "dd", "details", "summary", "figure", "figcaption", "section", "article", "aside",
		"b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "kbd", "samp", "var", "abbr",
		"cite", "dfn", "q", "time", "bdi", "bdo", "ruby", "rb", "rt", "rp", "center",
		"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "col", "colgroup")
	allowText(p)
	allowCallouts(p)
	allowMath(p)
	allowTables(p)
	allowLinksAndMedia(p)
	return p
}

func allowText(p *bluemonday.Policy) {
	p.AllowNoAttrs().OnElements("span")
	p.AllowAttrs("id").Matching(identity).Globally()
	p.AllowAttrs("dir").Matching(direction).Globally()
	p.AllowAttrs("lang").Matching(language).Globally()
	p.AllowAttrs("title").Globally()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^missing$`)).OnElements("span")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(missing|tag)$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^hl-[a-z]{3,4}$`)).OnElements("span")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^embed$`)).OnElements("section")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^embed-title$`)).OnElements("p")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^diagram$`)).OnElements("figure")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[^\s]{1,40}$`)).OnElements("code")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(plain|math|mermaid)$`)).OnElements("pre")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(footnotes|table)$`)).OnElements("div")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^footnote-(back)?ref$`)).OnElements("a")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^doc-(noteref|backlink)$`)).OnElements("a")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^doc-endnotes$`)).OnElements("div")
	p.AllowAttrs("start", "value").Matching(bluemonday.Integer).OnElements("ol", "li")
	p.AllowAttrs("open").Matching(nothing).OnElements("details")
	p.AllowAttrs("datetime").Matching(regexp.MustCompile(`^[\w:+. -]{1,40}$`)).OnElements("time", "del", "ins")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(nothing).OnElements("input")
	p.AllowAttrs("aria-label").Matching(regexp.MustCompile(`^(not )?done$`)).OnElements("input")
}

func allowCallouts(p *bluemonday.Policy) {
	types := strings.Join(slices.Sorted(maps.Keys(calloutTypes)), "|")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^callout callout-(`+types+`)$`)).OnElements("div", "details")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^callout-title$`)).OnElements("p", "summary")
	p.AllowAttrs("aria-label").Matching(regexp.MustCompile(`^(?i:`+types+`)$`)).OnElements("div", "details")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^note$`)).OnElements("div")
}

// allowMath allows the output of package tex, but no MathML element that contains HTML, links or
// acts.
func allowMath(p *bluemonday.Policy) {
	p.AllowNoAttrs().OnElements("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
		"munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mphantom")
	truth, length := regexp.MustCompile(`^(true|false)$`), regexp.MustCompile(`^[0-9](\.[0-9]{1,2})?(em)?$`)
	p.AllowAttrs("display").Matching(regexp.MustCompile(`^block$`)).OnElements("math")
	p.AllowAttrs("mathvariant").Matching(regexp.MustCompile(`^normal$`)).OnElements("mi")
	p.AllowAttrs("stretchy", "fence", "movablelimits").Matching(truth).OnElements("mo")
	p.AllowAttrs("form").Matching(regexp.MustCompile(`^(prefix|postfix)$`)).OnElements("mo")
	p.AllowAttrs("lspace", "rspace", "minsize", "maxsize").Matching(length).OnElements("mo")
	p.AllowAttrs("width").Matching(length).OnElements("mspace")
	p.AllowAttrs("accent").Matching(truth).OnElements("mover")
	p.AllowAttrs("linethickness").Matching(length).OnElements("mfrac")
	p.AllowAttrs("displaystyle").Matching(truth).OnElements("mstyle")
	p.AllowAttrs("scriptlevel").Matching(regexp.MustCompile(`^[0-2]$`)).OnElements("mstyle")
	p.AllowAttrs("mathcolor").Matching(regexp.MustCompile(`^#?[A-Za-z0-9]{1,20}$`)).OnElements("mstyle")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^math-(left|right)$`)).OnElements("mtd")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^math-box$`)).OnElements("mrow")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^math$`)).OnElements("div", "code")
}

func allowTables(p *bluemonday.Policy) {
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td", "tr", "p", "div", "h1", "h2", "h3", "img")
	p.AllowAttrs("colspan", "rowspan", "span").Matching(pixels).OnElements("th", "td", "col", "colgroup")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(row|col|rowgroup|colgroup)$`)).OnElements("th")
}

func allowLinksAndMedia(p *bluemonday.Policy) {
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes(externalSchemes...)
	p.AllowDataURIImages()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("name").Matching(anchor).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^(` + external + `|tag)$`)).OnElements("a")
	p.AllowAttrs("data").Matching(pdfURL).OnElements("object")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^application/pdf$`)).OnElements("object")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^pdf$`)).OnElements("object")
	p.AllowAttrs("aria-label").OnElements("object")
	p.AllowAttrs("cite").OnElements("blockquote", "q", "del", "ins")
	p.AllowAttrs("src").OnElements("img", "audio", "video", "source")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("width", "height").Matching(pixels).OnElements("img", "video", "object")
	p.AllowAttrs("controls", "loop", "muted").Matching(nothing).OnElements("audio", "video")
	p.AllowAttrs("preload").Matching(regexp.MustCompile(`^(none|metadata)$`)).OnElements("audio", "video")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^(audio|video)/[\w.+-]+$`)).OnElements("source")
}

func sanitize(fragment []byte) []byte { return policy.SanitizeBytes(fragment) }

// voidElements are elements without an end tag (HTML Standard, section 13.1.2).
var voidElements = map[atom.Atom]bool{
	atom.Br: true, atom.Col: true, atom.Hr: true, atom.Img: true, atom.Input: true, atom.Source: true, atom.Wbr: true,
}

// balance adds missing end tags to a sanitized fragment and drops unmatched ones, so that a note
// cannot close or keep open elements of the page. It removes elements deeper than maxOpen but keeps
// their content.
func balance(fragment []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(fragment))
	var open []string
	closeTo := func(depth int) {
		for len(open) > depth {
			io.WriteString(&out, "</"+open[len(open)-1]+">")
			open = open[:len(open)-1]
		}
	}
	z := html.NewTokenizer(bytes.NewReader(fragment))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		raw := string(z.Raw())
		name, _ := z.TagName()
		switch {
		case kind == html.EndTagToken:
			if depth := lastIndex(open, string(name)); depth >= 0 {
				closeTo(depth)
			}
			continue
		case voidElements[atom.Lookup(name)]:
		case kind == html.StartTagToken:
			if len(open) == maxOpen {
				continue
			}
			open = append(open, string(name))
		case kind == html.SelfClosingTagToken: // browsers treat it as a start tag
			raw = strings.TrimSuffix(raw, "/>") + "></" + string(name) + ">"
		}
		io.WriteString(&out, raw)
	}
	closeTo(0)
	return out.Bytes()
}

// maxOpen limits the nesting of elements, as browsers do at 512.
const maxOpen = 512

func lastIndex(open []string, name string) int {
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == name {
			return i
		}
	}
	return -1
}
