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

// cachePolicy holds the Cache-Control and Vary values of a response. Each policy makes caches
// revalidate, so that readers see a published change at once.
type cachePolicy struct{ cacheControl, vary string }

var (
	publicCache  = cachePolicy{"public, no-cache", "Accept-Encoding"}
	privateCache = cachePolicy{"private, no-cache", "Accept-Encoding, Cookie, Authorization"}
	noCache      = cachePolicy{"no-cache", "Accept-Encoding"} // for a notice in place of a page
)

// cachePolicyFor returns the policy of a page that was rendered for a reader.
func cachePolicyFor(reader trip2g.Visitor) cachePolicy {
	if reader == trip2g.Anonymous {
		return publicCache
	}
	return privateCache
}

// noticeCachePolicy returns the policy of a notice in place of the requested page.
func noticeCachePolicy(reader trip2g.Visitor) cachePolicy {
	if reader == trip2g.Anonymous {
		return noCache
	}
	return privateCache
}

// pageResponder builds the responses to reads of pages, for net/http and the fast lane.
type pageResponder struct {
	codings  []trip2g.Coding // offered, best first
	now      httpDate
	modified httpDate
}

// page responds with an existing page: 200, or 304 if the client has it (RFC 9110, section 13).
func (p *pageResponder) page(a *fastlane.Response, r *fastlane.Request, site trip2g.Site, page trip2g.Page, cache cachePolicy) {
	body := page.Body(negotiate(r.AcceptEncoding, p.codings))
	modified := site.ModifiedAt()
	if hasCurrent(r, body.ETag, modified) {
		a.Status = http.StatusNotModified
		p.addFields(a, r, cache, page, nil, body.ETag, "")
		return
	}
	a.Status = http.StatusOK
	a.Add("Accept-Ranges", "bytes")
	p.addFields(a, r, cache, page, body, body.ETag, p.modified.of(modified))
}

// notice responds with a page in place of one that is missing or withheld. It has no validators,
// because it is not the requested page.
func (p *pageResponder) notice(a *fastlane.Response, r *fastlane.Request, status int, page trip2g.Page, cache cachePolicy) {
	a.Status = status
	p.addFields(a, r, cache, page, page.Body(negotiate(r.AcceptEncoding, p.codings)), "", "")
}

// addFields adds the header fields in byte order. body is nil if the response has none.
func (p *pageResponder) addFields(a *fastlane.Response, r *fastlane.Request, cache cachePolicy, page trip2g.Page, body *trip2g.Body, etag, modified string) {
	a.Add("Cache-Control", cache.cacheControl)
	if body != nil && body.Coding != trip2g.Identity {
		a.Add("Content-Encoding", body.Coding.String())
	}
	if body != nil {
		a.Add("Content-Length", body.Length)
	}
	a.Add("Content-Security-Policy", cspOf(page, r.Path))
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
	a.Add("Vary", cache.vary)
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

// hasCurrent reports whether the client has the current page. If-None-Match takes precedence
// (RFC 9110, section 13.2.2).
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

// matches reports whether an If-None-Match list has a strong tag, by weak comparison (RFC 9110,
// sections 8.8.3 and 13.1.2). It ignores the list from the first invalid tag on.
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

// httpDate formats times for HTTP (RFC 9110, section 5.6.7). It caches the last one.
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

// writeResponse writes a response through net/http and returns the number of bytes of its body.
func writeResponse(ctx context.Context, w http.ResponseWriter, a *fastlane.Response) (int, error) {
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
