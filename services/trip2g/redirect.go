package trip2g

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// Redirect sends visitors of one URL to another: the current URL of a note that was there before,
// or a target set by the owner. A page at From takes precedence.
type Redirect struct {
	ID        int64
	From      string // URL path, unescaped
	NoteID    int64  // the target note; 0: the target is To
	To        string // an unescaped URL path, or an absolute URL of another site; "" with NoteID
	CreatedAt time.Time
}

// RedirectStore stores redirects on the leader. It creates redirects to notes itself when a note's
// URL changes or a note is renamed.
type RedirectStore interface {
	// Redirects lists all redirects by From.
	Redirects(ctx context.Context) ([]Redirect, error)
	// PutRedirect creates or replaces the redirect at from. EINVALID if CleanRedirect rejects it,
	// or for a redirect loop.
	PutRedirect(ctx context.Context, from, to string) (Redirect, Position, error)
	// DeleteRedirect deletes a redirect; ENOTFOUND without it.
	DeleteRedirect(ctx context.Context, id int64) (Position, error)
}

// MaxRedirectLength limits the URLs of a redirect, in bytes.
const MaxRedirectLength = 2 * MaxPathLength

// CleanRedirect returns a redirect's URLs in their stored form. EINVALID if from cannot be a page's
// URL path, or to is neither that nor an absolute URL.
func CleanRedirect(from, to string) (cleanFrom, cleanTo string, err error) {
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if cleanFrom = localAddress(from); cleanFrom == "" || IsReserved(cleanFrom) || strings.ContainsAny(from, "?#") {
		return "", "", addressError("from", "must be the path of a page on this site, as /old/page")
	}
	if cleanTo = localAddress(to); cleanTo == "" {
		cleanTo = foreignAddress(to)
	}
	if cleanTo == "" || cleanTo == cleanFrom {
		return "", "", addressError("to", "must be another path on this site, as /new/page, or a whole address, as https://example.com/page")
	}
	return cleanFrom, cleanTo, nil
}

func addressError(name, fault string) error {
	return &Error{Code: EINVALID, Message: name + " " + fault, Fields: []FieldError{{Name: name, Value: fault}}}
}

// localAddress returns the canonical form of a URL path on this site, "" for an invalid one.
func localAddress(address string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || len(address) > MaxRedirectLength || textFault(address) != "" {
		return ""
	}
	return CleanURLPath(address)
}

func foreignAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > MaxRedirectLength || textFault(address) != "" {
		return ""
	}
	return u.String()
}
