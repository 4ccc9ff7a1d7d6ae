package trip2g

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// Redirect is an address that leads elsewhere: to wherever a note is now that was once found there, or
// to what the owner has set. A page at From comes first.
type Redirect struct {
	ID        int64
	From      string // URL path, unescaped
	NoteID    int64  // where that note is; 0: to To
	To        string // a URL path, unescaped, or the whole URL of another site; "" with NoteID
	CreatedAt time.Time
}

// RedirectStore keeps redirects on the leader. Those to notes it makes by itself, when a note's
// address changes or a note is renamed.
type RedirectStore interface {
	// Redirects lists all, in the order of From.
	Redirects(ctx context.Context) ([]Redirect, error)
	// PutRedirect makes from lead to another address, in place of where it led. EINVALID where CleanRedirect
	// finds a fault, and where it would lead in a circle.
	PutRedirect(ctx context.Context, from, to string) (Redirect, Position, error)
	// DeleteRedirect takes one out; ENOTFOUND without it.
	DeleteRedirect(ctx context.Context, id int64) (Position, error)
}

// MaxRedirectLength bounds an address of a redirect, in bytes.
const MaxRedirectLength = 2 * MaxPathLength

// CleanRedirect returns a redirect's addresses in the form in which they are kept. EINVALID if from can be
// no address of a page, or to neither that nor the URL of another site.
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

// localAddress returns a path on this site in its one form, "" for what is none.
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
