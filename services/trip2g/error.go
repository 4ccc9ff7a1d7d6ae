package trip2g

import (
	"errors"
	"fmt"
	"time"
)

// Codes of errors. httpx.Status has the HTTP status of each.
const (
	EINVALID      = "invalid"      // the input is wrong; saying it again will not help
	EUNAUTHORIZED = "unauthorized" // no key, session or code, or a wrong one
	EFORBIDDEN    = "forbidden"    // known, but without the right
	ENOTFOUND     = "not_found"    // no such thing
	ECONFLICT     = "conflict"     // the state it was meant for is gone
	EEXPIRED      = "expired"      // the push that it belongs to is over; run the push again
	ETOOLARGE     = "too_large"    // past a limit; the message names the limit
	ERATELIMITED  = "rate_limited" // the same client asked too often; it may ask again later
	EUNAVAILABLE  = "unavailable"  // not now; trying again may help
	EINTERNAL     = "internal"     // a fault of ours; details are in the log, never in an answer

	// EINDETERMINATE: the change may or may not be stored. Whoever sends it again looks first, unless
	// carrying it out twice does no harm.
	EINDETERMINATE = "indeterminate"

	internalText = "internal error; the server's log tells more"
)

// FieldError says what is wrong with one part of an input.
type FieldError struct {
	Name  string // a field's name, or a note's path
	Value string // what is wrong and what would be right
}

// Error is a failure that a caller may show to whoever asked.
type Error struct {
	Code    string       // one of the codes above
	Message string       // for people: what is wrong and what to do
	Fields  []FieldError // the parts at fault, if there are any
	Err     error        // the cause, for logs only; may be nil

	RetryAfter time.Duration // of ERATELIMITED and EUNAVAILABLE: when trying again may help; 0: soon
}

// Error gives the text for logs: message, fields and cause.
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

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a code and a message for people.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrStarting answers a request that needs the site while this node has none yet.
var ErrStarting = Errorf(EUNAVAILABLE, "this node is starting; try again in a moment (/readyz on its internal port says what it waits for)")

// ErrorCode gives the code of the first Error in err's chain, EINTERNAL for any other error and "" for nil.
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

// ErrorMessage gives the text that whoever asked may see: an Error's own message,
// and for everything else a sentence without details.
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

// ErrorFields gives the parts at fault of the first Error in err's chain.
func ErrorFields(err error) []FieldError {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
