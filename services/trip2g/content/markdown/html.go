package markdown

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"trip2g/services/trip2g"
)

// rawElements contain text that is not HTML. An unclosed one would swallow the rest of a page, so
// they are removed with their content.
var rawElements = map[atom.Atom]bool{
	atom.Iframe: true, atom.Noembed: true, atom.Noframes: true, atom.Noscript: true, atom.Plaintext: true,
	atom.Script: true, atom.Style: true, atom.Textarea: true, atom.Title: true, atom.Xmp: true,
}

// tokens calls text and tag for each text and tag in a piece of HTML, outside of rawElements except
// for frames. It skips a tag or comment that does not end in the piece.
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
			if !rawElements[token.DataAtom] || token.DataAtom == atom.Iframe {
				tag(token)
			}
		}
	}
}

// rewriteHTML resolves the references in a piece of HTML. The result has only whole tags and text
// and is not sanitized. A frame becomes a link, because no page of another site is embedded.
func rewriteHTML(piece []byte, in *scope) []byte {
	var out bytes.Buffer
	out.Grow(len(piece))
	tokens(piece, func(raw []byte) { out.Write(raw) }, func(t html.Token) {
		if t.DataAtom == atom.Iframe {
			io.WriteString(&out, framed(t))
			return
		}
		if in.settings.RawHTML {
			if forbiddenTags[t.DataAtom] {
				return
			}
			t.Attr = slices.DeleteFunc(t.Attr, isForbidden)
		} else {
			t.Attr = rewriteIDs(t.Attr, in)
		}
		switch t.DataAtom {
		case atom.A, atom.Area:
			t.Attr = rewriteLink(t.Attr, in)
		case atom.Img, atom.Audio, atom.Video, atom.Source:
			t.Attr = rewriteSource(t.Attr, in.links)
		}
		io.WriteString(&out, t.String())
	})
	return out.Bytes()
}

// rewriteIDs maps ids like the fragments of links. It removes those of embedded texts, which could
// collide with the embedding note's.
func rewriteIDs(attributes []html.Attribute, in *scope) []html.Attribute {
	if in.around != nil {
		return slices.DeleteFunc(attributes, func(a html.Attribute) bool { return a.Key == "id" || a.Key == "name" })
	}
	for i, a := range attributes {
		if (a.Key == "id" || a.Key == "name") && !footnotePattern.MatchString(a.Val) {
			attributes[i].Val = headingID(a.Val)
		}
	}
	return attributes
}

// framed returns a link to the content of a frame, "" without any.
func framed(t html.Token) string {
	for _, a := range t.Attr {
		if a.Key == "src" && t.Type == html.StartTagToken {
			if to, ok := parseURL(a.Val); ok && strings.HasPrefix(to.external, "https://") {
				label := html.EscapeString(strings.TrimPrefix(to.external, "https://"))
				return `<a href="` + html.EscapeString(to.external) + `" rel="` + external + `">` + label + "</a>"
			}
		}
	}
	return ""
}

// forbiddenTags are removed even if the owner's HTML is kept: elements of the page's head, and what
// the Content-Security-Policy would block with a message in the browser's console.
var forbiddenTags = map[atom.Atom]bool{
	atom.Html: true, atom.Head: true, atom.Body: true, atom.Base: true, atom.Meta: true, atom.Link: true, atom.Frame: true, atom.Frameset: true,
	atom.Object: true, atom.Embed: true, atom.Applet: true,
}

// isForbidden also matches the target of a form and a link's ping. Otherwise a note could send a
// form to the server's own URLs with the reader's session.
func isForbidden(a html.Attribute) bool {
	switch a.Key {
	case "style", "srcdoc", "nonce", "action", "formaction", "ping":
		return true
	}
	value := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, a.Val))
	return strings.HasPrefix(a.Key, "on") || strings.HasPrefix(value, "javascript:") ||
		strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "data:text/")
}

// rewriteLink resolves the href of a link. It marks broken links.
func rewriteLink(attributes []html.Attribute, in *scope) []html.Attribute {
	kept := make([]html.Attribute, 0, len(attributes)+1)
	for _, a := range attributes {
		switch a.Key {
		case "class", "rel":
			if in.settings.RawHTML {
				kept = append(kept, a)
			}
		case "href":
			t, ok := parseURL(a.Val)
			if !ok || isDataImage(t.external) {
				continue
			}
			if t.external != "" {
				kept = append(kept, a, html.Attribute{Key: "rel", Val: external})
			} else if href, ok := t.resolve(in); ok && href == "" {
				continue
			} else if ok {
				kept = append(kept, html.Attribute{Key: "href", Val: href})
			} else {
				kept = append(kept, html.Attribute{Key: "class", Val: "missing"}, html.Attribute{Key: "title", Val: t.fault()})
			}
		default:
			kept = append(kept, a)
		}
	}
	return kept
}

// rewriteSource resolves the src of an image, audio or video; it removes a broken one.
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

// readHTML collects the references of an HTML note, and returns its title (of its head, else its
// first level-1 heading) and that heading.
func readHTML(body string, s *scope) (title, heading string) {
	rewriteHTML([]byte(body), s)
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
