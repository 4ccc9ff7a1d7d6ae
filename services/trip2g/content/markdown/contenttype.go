package markdown

import "mime"

// textTypes are the media types of notes that are served as they are written, as their header has them. A
// page of a browser is none of them: it could run scripts.
var textTypes = map[string]string{
	"text/plain":            "text/plain; charset=utf-8",
	"text/xml":              "text/xml; charset=utf-8",
	"application/xml":       "application/xml; charset=utf-8",
	"application/rss+xml":   "application/rss+xml; charset=utf-8",
	"application/atom+xml":  "application/atom+xml; charset=utf-8",
	"application/json":      "application/json",
	"application/feed+json": "application/feed+json",
}

// contentType returns the media type that a note is to be served with, "" for none or one that is not taken.
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
