package markdown

import "mime"

// textTypes are the media types of notes that are served verbatim, as in their header. None of them
// is a page of a browser, which could run scripts.
var textTypes = map[string]string{
	"text/plain":            "text/plain; charset=utf-8",
	"text/xml":              "text/xml; charset=utf-8",
	"application/xml":       "application/xml; charset=utf-8",
	"application/rss+xml":   "application/rss+xml; charset=utf-8",
	"application/atom+xml":  "application/atom+xml; charset=utf-8",
	"application/json":      "application/json",
	"application/feed+json": "application/feed+json",
}

// contentType returns the media type that a note sets, "" for none or an unsupported one.
func (f *fields) contentType(key string) string {
	text := f.text(key)
	if text == "" {
		return ""
	}
	base, _, err := mime.ParseMediaType(text)
	if served, ok := textTypes[base]; ok && err == nil {
		return served
	}
	f.warnKey(key, "is none that a note can have, and is left out: use text/plain, text/xml, application/xml, application/rss+xml, application/atom+xml, application/json or application/feed+json")
	return ""
}
