package mail_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/ops/mail"
)

const password = "correct horse"

// server is a mail server on a real socket.
type server struct {
	addr    string
	trust   *tls.Config
	letters chan letter
	refuse  error // its answer to every recipient; nil: it accepts all
	silent  bool  // it has no STARTTLS
}

// letter is a received mail.
type letter struct {
	user, from string
	to         []string
	data       []byte
}

// start starts a server that speaks TLS at once, or after STARTTLS if it has it.
func start(t *testing.T, atOnce bool, change func(*server)) *server {
	t.Helper()
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	s := &server{letters: make(chan letter, 10), trust: &tls.Config{RootCAs: roots, ServerName: "example.com"}}
	if change != nil {
		change(s)
	}
	smtpServer := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	smtpServer.Domain, smtpServer.ErrorLog = "example.com", discard{}
	own := &tls.Config{Certificates: certified.TLS.Certificates}
	if !s.silent {
		smtpServer.TLSConfig = own
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	if atOnce {
		listener = tls.NewListener(listener, own)
	}
	go smtpServer.Serve(listener)
	t.Cleanup(func() { smtpServer.Close() })
	return s
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

type session struct {
	server *server
	conn   *smtp.Conn
	letter letter
}

func (s *session) Reset()        { s.letter = letter{user: s.letter.user} }
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if _, encrypted := s.conn.TLSConnectionState(); !encrypted {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		if given != password {
			return errors.New("wrong password")
		}
		s.letter.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = append(s.letter.to, to)
	return s.server.refuse
}

func (s *session) Data(r io.Reader) (err error) {
	s.letter.data, err = io.ReadAll(r)
	s.server.letters <- s.letter
	return err
}

func (s *server) sender(t *testing.T, change func(*mail.Options)) *mail.Sender {
	t.Helper()
	o := mail.Options{
		Addr: s.addr, Username: "notes", Password: password, From: "Die Notizen <notes@example.com>", Security: mail.StartTLS,
		Name: func() string { return "Märchen & Sagen" }, Lang: func() string { return "en" }, Site: "https://notes.example.com", Lifetime: 10 * time.Minute, TLS: s.trust,
	}
	if change != nil {
		change(&o)
	}
	sender, err := mail.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// read parses a mail.
func (l letter) read(t *testing.T) (header netmail.Header, text, html string) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(l.data))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, body := range []*string{&text, &html} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*body = strings.ReplaceAll(string(decoded), "\r\n", "\n")
	}
	return m.Header, text, html
}

func wantIn(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

func TestACodeComesAsTextAndAsHTML(t *testing.T) {
	for name, atOnce := range map[string]bool{mail.StartTLS: false, mail.TLS: true} {
		t.Run(name, func(t *testing.T) {
			s := start(t, atOnce, nil)
			sender := s.sender(t, func(o *mail.Options) { o.Security = name })
			if err := sender.SendCode(t.Context(), "ann@example.com", "01234567", ""); err != nil {
				t.Fatal(err)
			}
			l := <-s.letters
			if l.user != "notes" || l.from != "notes@example.com" || len(l.to) != 1 || l.to[0] != "ann@example.com" {
				t.Errorf("%q sent from %q to %q", l.user, l.from, l.to)
			}
			header, text, html := l.read(t)
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			if err != nil || subject != "Sign in to Märchen & Sagen" || header.Get("Auto-Submitted") != "auto-generated" || header.Get("Message-Id") == "" || header.Get("Date") == "" {
				t.Errorf("the header is %v", header)
			}
			wantIn(t, header.Get("From"), "Die Notizen", "<notes@example.com>")
			wantIn(t, text, "sign in to Märchen & Sagen:\n\n    01234567\n", "10 minutes", "https://notes.example.com")
			wantIn(t, html, ">01234567<", "Märchen &amp; Sagen", "10 minutes")
		})
	}
}

func TestAnInvitationSaysWhereToSignIn(t *testing.T) {
	s := start(t, false, nil)
	url := "https://notes.example.com/_system/signin?email=ann%40example.com"
	if err := s.sender(t, nil).SendInvitation(t.Context(), "ann@example.com", url, ""); err != nil {
		t.Fatal(err)
	}
	_, text, html := (<-s.letters).read(t)
	wantIn(t, text, "invited to read Märchen & Sagen", "ann@example.com", "\n    "+url+"\n")
	wantIn(t, html, `<a href="`+url+`">`)
}

func TestNothingOfAMailIsMoreThanItsPlace(t *testing.T) {
	s := start(t, false, nil)
	sender := s.sender(t, func(o *mail.Options) {
		o.Name = func() string { return "<script>\r\nBcc: evil@example.com\r\n\r\n" + strings.Repeat("long ", 1000) }
	})
	for _, to := range []string{"", "a", "a@b\r\nBcc: c@d", "a@b>\r\nRCPT TO:<c@d", "a@b, c@d", "Ann <a@b>", "a@b\x00"} {
		if err := sender.SendCode(t.Context(), to, "01234567", ""); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("a mail to %q: %v", to, err)
		}
	}
	if err := sender.SendCode(t.Context(), "ann@example.com", "01234567", ""); err != nil {
		t.Fatal(err)
	}
	l := <-s.letters
	header, _, html := l.read(t)
	if len(l.to) != 1 || header.Get("Bcc") != "" || len(l.data) > 8<<10 || strings.Contains(html, "<script>") {
		t.Errorf("to %q came:\n%s", l.to, l.data)
	}
}

func TestAServerWithoutTLSIsGivenNothing(t *testing.T) {
	s := start(t, false, func(s *server) { s.silent = true })
	if err := s.sender(t, nil).SendCode(t.Context(), "ann@example.com", "01234567", ""); err == nil {
		t.Error("a mail went out in the clear")
	}
	stranger := s.sender(t, func(o *mail.Options) { o.Security, o.Username = mail.None, "" })
	if err := stranger.SendCode(t.Context(), "ann@example.com", "01234567", ""); err != nil {
		t.Errorf("with %s: %v", mail.None, err)
	}
	if n := len(s.letters); n != 1 {
		t.Errorf("%d mails came", n)
	}
}

func TestACertificateThatNobodyKnowsIsRefused(t *testing.T) {
	s := start(t, true, nil)
	sender := s.sender(t, func(o *mail.Options) { o.Security, o.TLS = mail.TLS, nil })
	if err := sender.SendCode(t.Context(), "ann@example.com", "01234567", ""); err == nil {
		t.Error("a mail went to a server that could be anybody's")
	}
}

func TestARefusalForGoodIsToldFromOneForNow(t *testing.T) {
	for code, want := range map[int]string{550: trip2g.EINVALID, 451: trip2g.EINTERNAL} {
		t.Run("", func(t *testing.T) {
			s := start(t, false, func(s *server) { s.refuse = &smtp.SMTPError{Code: code, Message: "not here"} })
			if err := s.sender(t, nil).SendCode(t.Context(), "ann@example.com", "01234567", ""); trip2g.ErrorCode(err) != want || !strings.Contains(err.Error(), "not here") {
				t.Errorf("after %d: %v, want %s", code, err, want)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := &server{addr: "127.0.0.1:1"}
		if err := s.sender(t, nil).SendCode(t.Context(), "ann@example.com", "01234567", ""); trip2g.ErrorCode(err) != trip2g.EINTERNAL {
			t.Errorf("without a server: %v", err)
		}
	})
	t.Run("a wrong password", func(t *testing.T) {
		s := start(t, false, nil)
		err := s.sender(t, func(o *mail.Options) { o.Password = "battery staple" }).SendCode(t.Context(), "ann@example.com", "01234567", "")
		if err == nil || strings.Contains(err.Error(), "battery staple") {
			t.Errorf("after a wrong password: %v", err)
		}
	})
	t.Run("one that never answers", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		s := &server{addr: listener.Addr().String()}
		sender := s.sender(t, func(o *mail.Options) { o.Timeout = 100 * time.Millisecond })
		if err := sender.SendCode(t.Context(), "ann@example.com", "01234567", ""); err == nil {
			t.Error("a mail went to nobody")
		}
	})
}

// A mail is in the language of the request that caused it, else in the site's.
func TestAMailIsInTheLanguageOfItsRequestElseOfTheSite(t *testing.T) {
	for _, tt := range []struct{ site, accept, want string }{
		{"en", "de-AT,en;q=0.5", "Ihr Code zum Anmelden bei"},
		{"de", "en", "Your code to sign in to"},
		{"de", "fr", "Ihr Code zum Anmelden bei"},
		{"de", "", "Ihr Code zum Anmelden bei"},
	} {
		t.Run(tt.site+" "+tt.accept, func(t *testing.T) {
			s := start(t, false, nil)
			sender := s.sender(t, func(o *mail.Options) { o.Lang = func() string { return tt.site } })
			if err := sender.SendCode(t.Context(), "ann@example.com", "01234567", tt.accept); err != nil {
				t.Fatal(err)
			}
			_, text, html := (<-s.letters).read(t)
			wantIn(t, text, tt.want, "01234567")
			wantIn(t, html, tt.want, "01234567")
		})
	}
}
