// Package mail sends what the server has to tell people, through the owner's mail server.
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
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"trip2g/services/trip2g"
)

// Ways to speak with the mail server.
const (
	StartTLS = "starttls" // TLS after a greeting in the clear; a server that cannot is given nothing
	TLS      = "tls"      // TLS from the first byte
	None     = "none"     // in the clear: for a server on this machine
)

const (
	// DefaultTimeout bounds each wait for the mail server: RFC 5321, section 4.5.3.2, allows it minutes, but
	// somebody waits for a code.
	DefaultTimeout = 15 * time.Second
	// maxName is what a mail shows of a site's name, in characters.
	maxName = 100
)

//go:embed templates
var templateFiles embed.FS

var (
	textTemplates = texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/*.txt"))
	htmlTemplates = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/*.html"))
)

// Options is what a Sender is made of. Addr, From, Security and Name are needed.
type Options struct {
	Addr     string // of the mail server, host:port
	Username string // "": the server is not told who sends
	Password string
	From     string        // the sender: an address, or a name with an address in angle brackets
	Security string        // StartTLS, TLS or None
	Name     func() string // the site's name
	Site     string        // where the site is, absolute; "": mails with a code do not say
	Lifetime time.Duration // of a sign-in code
	TLS      *tls.Config   // nil: the system's certificates
	Timeout  time.Duration // of each wait for the mail server; 0: DefaultTimeout
}

// Sender sends mails, each over a connection of its own. It is safe for concurrent use.
type Sender struct {
	Options
	from   *mail.Address
	client *gomail.Client
}

// New makes a sender; it does not connect. An error: an option is wrong.
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
		return nil, fmt.Errorf("%q is no way to speak with a mail server", o.Security)
	}
	if o.TLS != nil {
		options = append(options, gomail.WithTLSConfig(o.TLS))
	}
	if o.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.Username), gomail.WithPassword(o.Password))
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the way to the mail server: %w", err)
	}
	return &Sender{Options: o, from: from, client: client}, nil
}

// letter is what the templates are filled with.
type letter struct {
	Name, Site, To, Code, URL string
	Minutes                   int
}

// SendCode sends a sign-in code. EINVALID if the mail server refuses the mail for good: it need not be
// tried again.
func (s *Sender) SendCode(ctx context.Context, to, code string) error {
	l := s.letter(to)
	l.Code, l.Minutes = code, int(s.Lifetime/time.Minute)
	return s.send(ctx, "Sign in to "+l.Name, "code", l)
}

// SendInvitation tells an address that it may sign in at a URL. Errors are SendCode's.
func (s *Sender) SendInvitation(ctx context.Context, to, url string) error {
	l := s.letter(to)
	l.URL = url
	return s.send(ctx, "You are invited to read "+l.Name, "invitation", l)
}

func (s *Sender) letter(to string) letter {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s.Name())
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName-1]) + "…"
	}
	return letter{Name: name, Site: s.Site, To: to}
}

func (s *Sender) send(ctx context.Context, subject, template string, l letter) error {
	message, err := s.message(subject, template, l)
	if err != nil {
		return err
	}
	err = s.client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // a goodbye that went wrong is no reason to send it twice
		return nil
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &trip2g.Error{Code: trip2g.EINVALID, Message: "the mail server refuses the mail", Err: err}
	}
	return fmt.Errorf("send a mail through %s: %w", s.Addr, err)
}

// message makes a mail of plain text and simple HTML. Addresses are parsed ones, so that none can bring a
// header of its own.
func (s *Sender) message(subject, template string, l letter) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return nil, trip2g.Errorf(trip2g.EINVALID, "%q is no e-mail address", l.To)
	}
	var text, html bytes.Buffer
	if err := errors.Join(textTemplates.ExecuteTemplate(&text, template+".txt", l), htmlTemplates.ExecuteTemplate(&html, template+".html", l)); err != nil {
		return nil, fmt.Errorf("write a mail: %w", err)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(to)
	m.Subject(subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, section 5: no machine shall answer
	m.SetBodyString(gomail.TypeTextPlain, text.String())
	m.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return m, nil
}
