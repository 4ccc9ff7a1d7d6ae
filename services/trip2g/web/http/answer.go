package http

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/http/cork"
	"trip2g/services/trip2g/web/http/fastlane"
)

// audience is who may have a page, and so which caches may keep it. No cache uses one without asking
// first: a published change must be seen at once.
type audience struct{ cacheControl, vary string }

var (
	everybody = audience{"public, no-cache", "Accept-Encoding"}
	members   = audience{"private, no-cache", "Accept-Encoding, Cookie, Authorization"}
	nobody    = audience{"no-cache", "Accept-Encoding"} // there is no such page
)

// audienceOf gives who may have a page that was made for a kind of reader.
func audienceOf(reader trip2g.Reader) audience {
	if reader == trip2g.Anyone {
		return everybody
	}
	return members
}

// absenceFor is audienceOf for an answer without the page that was asked for.
func absenceFor(reader trip2g.Reader) audience {
	if reader == trip2g.Anyone {
		return nobody
	}
	return members
}

// answerer makes the answers to plain reads of pages, for net/http and the fast lane alike.
type answerer struct {
	codings  []trip2g.Coding // offered, best first
	now      httpDate
	modified httpDate
}

// page answers with a page that is there: 200, or 304 if the client has it (RFC 9110, section 13).
func (p *answerer) page(a *fastlane.Answer, r *fastlane.Request, site trip2g.Site, page trip2g.Page, who audience) {
	body := page.Body(negotiate(r.AcceptEncoding, p.codings))
	modified := site.ModifiedAt()
	if hasCurrent(r, body.ETag, modified) {
		a.Status = http.StatusNotModified
		p.addFields(a, r, who, page, nil, body.ETag, "")
		return
	}
	a.Status = http.StatusOK
	a.Add("Accept-Ranges", "bytes")
	p.addFields(a, r, who, page, body, body.ETag, p.modified.of(modified))
}

// notice answers with a page that stands for another, which is missing or kept from the reader. It
// has no validators: it is not what was asked for.
func (p *answerer) notice(a *fastlane.Answer, r *fastlane.Request, status int, page trip2g.Page, who audience) {
	a.Status = status
	p.addFields(a, r, who, page, page.Body(negotiate(r.AcceptEncoding, p.codings)), "", "")
}

// addFields adds the header fields in byte order; body is nil if the answer has none.
func (p *answerer) addFields(a *fastlane.Answer, r *fastlane.Request, who audience, page trip2g.Page, body *trip2g.Body, etag, modified string) {
	a.Add("Cache-Control", who.cacheControl)
	if body != nil && body.Coding != trip2g.Identity {
		a.Add("Content-Encoding", body.Coding.String())
	}
	if body != nil {
		a.Add("Content-Length", body.Length)
	}
	a.Add("Content-Security-Policy", policyOf(page, r.Path))
	if body != nil {
		a.Add("Content-Type", page.ContentType())
	}
	a.Add("Date", p.now.of(r.Arrived))
	if etag != "" {
		a.Add("Etag", etag)
	}
	if modified != "" {
		a.Add("Last-Modified", modified)
	}
	a.Add("Referrer-Policy", referrerPolicy)
	a.Add("Vary", who.vary)
	a.Add("X-Content-Type-Options", contentTypeOptions)
	if r.ID != "" {
		a.Add("X-Request-Id", r.ID)
	}
	if r.Position != "" {
		a.Add(trip2g.PositionHeader, r.Position)
	}
	if body != nil && r.Method != http.MethodHead {
		a.Body = body.Bytes
	}
}

// hasCurrent tells whether the client has what it asks for already. If-None-Match decides where there
// is one (RFC 9110, section 13.2.2).
func hasCurrent(r *fastlane.Request, etag string, modified time.Time) bool {
	if r.IfNoneMatch != "" {
		return matches(r.IfNoneMatch, etag)
	}
	if r.IfModifiedSince == "" {
		return false
	}
	since, err := http.ParseTime(r.IfModifiedSince)
	return err == nil && !modified.Truncate(time.Second).After(since)
}

// matches compares an If-None-Match list with a strong tag, weakly (RFC 9110, sections 8.8.3 and 13.1.2).
// From the first thing on that is no tag, the list is not read.
func matches(list, etag string) bool {
	if strings.Trim(list, " \t") == "*" {
		return true
	}
	for {
		list = strings.TrimPrefix(strings.TrimLeft(list, " \t,"), "W/")
		if !strings.HasPrefix(list, `"`) {
			return false
		}
		end := strings.IndexByte(list[1:], '"') + 2
		if end < 2 {
			return false
		}
		if list[:end] == etag {
			return true
		}
		list = list[end:]
	}
}

// httpDate formats one time after the other for HTTP (RFC 9110, section 5.6.7), each second once.
type httpDate struct{ last atomic.Pointer[formattedTime] }

type formattedTime struct {
	unix int64
	text string
}

func (d *httpDate) of(t time.Time) string {
	last := d.last.Load()
	if last == nil || last.unix != t.Unix() {
		last = &formattedTime{t.Unix(), t.UTC().Format(http.TimeFormat)}
		d.last.Store(last)
	}
	return last.text
}

// writeAnswer writes an answer through net/http.
func writeAnswer(ctx context.Context, w http.ResponseWriter, a *fastlane.Answer) (int, error) {
	fields := a.Fields()
	header, values := w.Header(), make([]string, len(fields))
	for i, f := range fields {
		values[i] = f.Value
		header[f.Name] = values[i : i+1 : i+1]
	}
	w.WriteHeader(a.Status)
	if a.Body == nil {
		return 0, nil
	}
	return cork.Write(ctx, w, a.Body)
}
