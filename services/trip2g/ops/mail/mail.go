// Package mail sends email through an SMTP server.
package mail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net"
	"net/mail"
	"strconv"
	texttemplate "text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
)

// Values of Options.Security.
const (
	StartTLS = "starttls" // TLS after a plaintext greeting; nothing is sent to a server without it
	TLS      = "tls"      // TLS from the first byte
	None     = "none"     // plaintext, for a server on this machine
)

const (
	// DefaultTimeout is the timeout of each reply of the mail server. RFC 5321, section 4.5.3.2,
	// allows minutes, but somebody is waiting for a code.
	DefaultTimeout = 15 * time.Second
	// maxName is the maximum length of a site's name in a mail, in characters.
	maxName = 100
)

//go:embed templates
var templateFiles embed.FS

var (
	textTemplates = i18n.ForEach(func(texts *i18n.Language) *texttemplate.Template {
		return texttemplate.Must(texttemplate.New("").Funcs(texts.Funcs()).ParseFS(templateFiles, "templates/*.txt"))
	})
	htmlTemplates = i18n.ForEach(func(texts *i18n.Language) *htmltemplate.Template {
		return htmltemplate.Must(htmltemplate.New("").Funcs(texts.Funcs()).ParseFS(templateFiles, "templates/*.html"))
	})
)

// Options configures a Sender. Addr, From, Security, Name and Lang are required.
type Options struct {
	Addr     string // of the mail server, host:port
	Username string // "": no authentication
	Password string
	From     string        // the sender: an address, or a name with an address in angle brackets
	Security string        // StartTLS, TLS or None
	Name     func() string // the site's name
	Lang     func() string // the site's language, a BCP 47 tag
	Site     string        // absolute URL of the site; "": not in mails with a code
	Lifetime time.Duration // of a sign-in code
	TLS      *tls.Config   // nil: the system's certificates
	Timeout  time.Duration // of each reply of the mail server; 0: DefaultTimeout
}

// Sender sends mails, each over its own connection. It is safe for concurrent use.
type Sender struct {
	Options
	from   *mail.Address
	client *gomail.Client
}

// New returns a sender. It does not connect, and returns an error only for an invalid option.
func New(o Options) (*Sender, error) {
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("read the sender's address: %w", err)
	}
	host, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("read the mail server's address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("read the mail server's port: %w", err)
	}
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTimeout(cmp.Or(o.Timeout, DefaultTimeout))}
	switch o.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("the mail server's security is %q: must be one of starttls, tls, none", o.Security)
	}
	if o.TLS != nil {
		options = append(options, gomail.WithTLSConfig(o.TLS))
	}
	if o.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.Username), gomail.WithPassword(o.Password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the SMTP client: %w", err)
	}
	return &Sender{Options: o, from: from, client: client}, nil
}

// letter is the data of the templates.
type letter struct {
	Name, Site, To, Code, URL string
	Minutes                   int
}

// SendCode sends a sign-in code. It returns EINVALID if the mail server permanently rejects the
// mail, so that a retry is pointless.
func (s *Sender) SendCode(ctx context.Context, to, code, acceptLanguage string) error {
	l := s.letter(to)
	l.Code, l.Minutes = code, int(s.Lifetime/time.Minute)
	texts := s.texts(acceptLanguage)
	return s.send(ctx, texts, texts.Text("mail.code_subject", "Site", l.Name), "code", l)
}

// SendInvitation sends an invitation to sign in at a URL. Its errors are those of SendCode.
func (s *Sender) SendInvitation(ctx context.Context, to, url, acceptLanguage string) error {
	l := s.letter(to)
	l.URL = url
	texts := s.texts(acceptLanguage)
	return s.send(ctx, texts, texts.Text("mail.invitation_subject", "Site", l.Name), "invitation", l)
}

// texts returns the language of a mail that a request with acceptLanguage caused.
func (s *Sender) texts(acceptLanguage string) *i18n.Language {
	return i18n.ForRequest(acceptLanguage, i18n.ForSite(s.Lang()))
}

func (s *Sender) letter(to string) letter {
	name := trip2g.ReplaceControls(s.Name())
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	return letter{Name: name, Site: s.Site, To: to}
}

func (s *Sender) send(ctx context.Context, texts *i18n.Language, subject, template string, l letter) error {
	message, err := s.message(texts, subject, template, l)
	if err != nil {
		return err
	}
	err = s.client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // an error of QUIT does not make it a failure
		return nil
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &trip2g.Error{Code: trip2g.EINVALID, Message: "the mail server refuses the mail", Err: err}
	}
	return fmt.Errorf("send a mail through %s: %w", s.Addr, err)
}

// message returns a mail with plain text and simple HTML. Its addresses are parsed, so that they
// cannot inject headers.
func (s *Sender) message(texts *i18n.Language, subject, template string, l letter) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return nil, trip2g.Errorf(trip2g.EINVALID, "%q is no e-mail address", l.To)
	}
	var text, html bytes.Buffer
	if err := errors.Join(textTemplates[texts].ExecuteTemplate(&text, template+".txt", l), htmlTemplates[texts].ExecuteTemplate(&html, template+".html", l)); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(to)
	m.Subject(subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // no automatic replies (RFC 3834)
	m.SetBodyString(gomail.TypeTextPlain, text.String())
	m.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return m, nil
}
