package account

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strings"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
	"trip2g/services/trip2g/web/httpx"
)

// texts returns the language of the page for a request.
func (p *pages) texts(r *http.Request) *i18n.Language {
	return i18n.ForRequest(acceptLanguage(r), i18n.ForSite(p.Lang()))
}

func acceptLanguage(r *http.Request) string {
	return strings.Join(r.Header.Values("Accept-Language"), ",")
}

// errorKeys are message keys by error code.
type errorKeys map[string]string

// anyForm has the keys of errors that mean the same in every form.
var anyForm = errorKeys{
	trip2g.ERATELIMITED:   "error.rate_limited",
	trip2g.EUNAVAILABLE:   "error.unavailable",
	trip2g.EINDETERMINATE: "error.indeterminate",
}

// userMessage returns the status and the text of the page for err, which keys has unless it is a
// common one. It also sets the error's header fields and logs an internal error.
func (p *pages) userMessage(w http.ResponseWriter, r *http.Request, err error, keys errorKeys) (status int, message string) {
	httpx.SetErrorHeader(w.Header(), err)
	code := trip2g.ErrorCode(err)
	if code == trip2g.EINTERNAL {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("path", r.URL.Path).Msg("a form could not be carried out")
	}
	key := cmp.Or(keys[code], anyForm[code], "error.internal")
	if code != trip2g.ERATELIMITED {
		return httpx.Status(err), p.texts(r).Text(key)
	}
	var limited *trip2g.Error
	errors.As(err, &limited)
	return httpx.Status(err), p.texts(r).Text(key, "Count", int(math.Ceil(limited.RetryAfter.Seconds())))
}

// browserName returns the browser and the operating system of a session, such as "Firefox on
// Linux".
func browserName(texts *i18n.Language, s trip2g.Session) string {
	browser, system := s.Program()
	browser = cmp.Or(browser, texts.Text("account.unknown_browser"))
	if system == "" {
		return browser
	}
	return texts.Text("account.browser_on", "Browser", browser, "System", system)
}
