package markdown

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"trip2g/services/trip2g"
)

// rawElements hold text that is no HTML. Left open, one would swallow the rest of a page, so that
// they go with all that they hold.
var rawElements = map[atom.Atom]bool{
	atom.Iframe: true, atom.Noembed: true, atom.Noframes: true, atom.Noscript: true, atom.Plaintext: true,
	atom.Script: true, atom.Style: true, atom.Textarea: true, atom.Title: true, atom.Xmp: true,
}

// tokens goes through a piece of HTML and gives each text and tag outside of rawElements. A tag or
// comment that does not end in the piece is left out.
func tokens(piece []byte, text func(raw []byte), tag func(html.Token)) {
	z := html.NewTokenizer(bytes.NewReader(piece))
	inRaw := false
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return
		case html.TextToken:
			if !inRaw {
				text(z.Raw())
			}
			inRaw = false
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			token := z.Token()
			inRaw = kind != html.EndTagToken && rawElements[token.DataAtom]
			if !rawElements[token.DataAtom] {
				tag(token)
			}
		}
	}
}

// rewriteHTML resolves what the tags in a piece of HTML refer to. What it gives is whole tags and
// text, not yet sanitised.
func rewriteHTML(piece []byte, links trip2g.Links) []byte {
	var out bytes.Buffer
	out.Grow(len(piece))
	tokens(piece, func(raw []byte) { out.Write(raw) }, func(t html.Token) {
		for i, a := range t.Attr {
			if (a.Key == "id" || a.Key == "name") && !footnotePattern.MatchString(a.Val) {
				t.Attr[i].Val = headingID(a.Val) // as the fragments of links are made
			}
		}
		switch t.DataAtom {
		case atom.A:
			t.Attr = rewriteLink(t.Attr, links)
		case atom.Img, atom.Audio, atom.Video, atom.Source:
			t.Attr = rewriteSource(t.Attr, links)
		}
		io.WriteString(&out, t.String())
	})
	return out.Bytes()
}

// rewriteLink resolves the href of a link. A link to nothing is marked.
func rewriteLink(attributes []html.Attribute, links trip2g.Links) []html.Attribute {
	kept := make([]html.Attribute, 0, len(attributes)+1)
	for _, a := range attributes {
		switch a.Key {
		case "class", "rel":
		case "href":
			t, ok := parseURL(a.Val)
			if !ok || isDataImage(t.external) {
				continue
			}
			if t.external != "" {
				kept = append(kept, a, html.Attribute{Key: "rel", Val: external})
			} else if href, ok := t.resolve(links); ok {
				kept = append(kept, html.Attribute{Key: "href", Val: href})
			} else {
				kept = append(kept, html.Attribute{Key: "class", Val: "missing"})
			}
		default:
			kept = append(kept, a)
		}
	}
	return kept
}

// rewriteSource resolves the src of a picture, sound or film. One that is not there has none.
func rewriteSource(attributes []html.Attribute, links trip2g.Links) []html.Attribute {
	kept := make([]html.Attribute, 0, len(attributes))
	for _, a := range attributes {
		if a.Key == "src" {
			t, ok := parseURL(a.Val)
			if !ok {
				continue
			}
			if t.external == "" {
				asset, ok := t.asset(links)
				if !ok || isNoteEnding(t.path) {
					continue
				}
				a.Val = t.assetURL(asset)
			}
		}
		kept = append(kept, a)
	}
	return kept
}

// renderHTML makes the fragment of an HTML note.
func renderHTML(body string, links trip2g.Links) []byte {
	return balance(sanitize(rewriteHTML([]byte(body), links)))
}

// readHTML asks links for all that an HTML note refers to, and gives its title (of its head, else
// its first level-1 heading) and that heading.
func readHTML(body string, links trip2g.Links) (title, heading string) {
	rewriteHTML([]byte(body), links)
	z := html.NewTokenizer(strings.NewReader(body))
	var in atom.Atom
	for kind := z.Next(); kind != html.ErrorToken && (title == "" || heading == ""); kind = z.Next() {
		switch kind {
		case html.StartTagToken:
			if name, _ := z.TagName(); in == 0 {
				in = atom.Lookup(name)
				if in != atom.Title && in != atom.H1 {
					in = 0
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == in {
				in = 0
				heading = strings.TrimSpace(heading)
			}
		case html.TextToken:
			switch {
			case in == atom.Title && title == "":
				title = z.Token().Data
			case in == atom.H1:
				heading += z.Token().Data
			}
		}
	}
	if strings.TrimSpace(title) == "" {
		title = heading
	}
	return title, heading
}
