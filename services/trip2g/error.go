package trip2g

import (
	"errors"
	"fmt"
	"time"
)

// Codes of errors. httpx.Status maps them to HTTP.
const (
	EINVALID      = "invalid"      // invalid input; do not retry
	EUNAUTHORIZED = "unauthorized" // no key, session or code, or a wrong one
	EFORBIDDEN    = "forbidden"    // authenticated, but without permission
	ENOTFOUND     = "not_found"    // does not exist
	ECONFLICT     = "conflict"     // the state has changed meanwhile
	EEXPIRED      = "expired"      // the push has ended; run it again
	ETOOLARGE     = "too_large"    // above a limit; the message names the limit
	ERATELIMITED  = "rate_limited" // too many requests of one client; retry later
	EUNAVAILABLE  = "unavailable"  // temporary; retry later
	EINTERNAL     = "internal"     // server error; details are only in the log

	// EINDETERMINATE: the change may or may not be stored. Check before sending it again, unless it
	// is idempotent.
	EINDETERMINATE = "indeterminate"

	internalText = "internal error; the server's log tells more"
)

// FieldError describes an error in one part of an input.
type FieldError struct {
	Name  string // a field's name, or a note's path
	Value string // the error and how to correct it
}

// Error is an error whose message can be shown to the client.
type Error struct {
	Code    string       // one of the codes above
	Message string       // for people: what is wrong and what to do
	Fields  []FieldError // the invalid parts, if any
	Err     error        // the cause, for logs only; may be nil

	RetryAfter time.Duration // for ERATELIMITED and EUNAVAILABLE: when to retry; 0: soon
}

// Error returns the text for logs: message, fields and cause.
func (e *Error) Error() string {
	s := e.Message
	for _, f := range e.Fields {
		s += fmt.Sprintf("; %s: %s", f.Name, f.Value)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a code and a message for people.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrStarting is the response to a request that needs the site before the node has loaded it.
var ErrStarting = Errorf(EUNAVAILABLE, "this node is starting; try again in a moment (/readyz on its internal port says what it waits for)")

// ErrorCode returns the code of the first Error in err's chain, EINTERNAL for any other error and
// "" for nil.
func ErrorCode(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	default:
		return EINTERNAL
	}
}

// ErrorMessage returns the text for the client: an Error's message, or a generic one for other
// errors.
func ErrorMessage(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e) && e.Code != EINTERNAL:
		return e.Message
	default:
		return internalText
	}
}

// ErrorFields returns the invalid parts of the first Error in err's chain.
func ErrorFields(err error) []FieldError {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
