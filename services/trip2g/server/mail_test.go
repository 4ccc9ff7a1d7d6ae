package server_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"trip2g/internal/testwait"
)

// postOffice is a mail server on this machine. It keeps the received mails.
type postOffice struct {
	letters chan string
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return o, nil }
func (o *postOffice) Reset()                                      {}
func (o *postOffice) Logout() error                               { return nil }
func (o *postOffice) Mail(string, *smtp.MailOptions) error        { return nil }
func (o *postOffice) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (o *postOffice) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	o.letters <- string(text)
	return err
}

func startPostOffice(t *testing.T) (addr string, letters <-chan string) {
	t.Helper()
	office := &postOffice{letters: make(chan string, 10)}
	server := smtp.NewServer(office)
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return listener.Addr().String(), office.letters
}

func nextLetter(t *testing.T, letters <-chan string, wants ...string) string {
	t.Helper()
	text := testwait.Receive(t, "a mail", letters)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, text)
		}
	}
	return text
}

func TestAMemberIsInvitedAndSignsInByMail(t *testing.T) {
	t.Parallel()
	addr, letters := startPostOffice(t)
	p := startPeople(t, membersVault, "SMTP_ADDR="+addr, "SMTP_TLS=none", "SMTP_FROM=Notes <notes@example.com>")
	digits := regexp.MustCompile(`(?m)^    (\d{8})\r?$`)
	signIn := func(b *browser, email string) {
		t.Helper()
		b.post("/_system/signin", url.Values{"email": {email}}).want(t, http.StatusOK, "an email with an eight-digit code")
		text := nextLetter(t, letters, "<notes@example.com>", "<"+email+">", "Sign in to Start")
		code := digits.FindStringSubmatch(text)
		if code == nil {
			t.Fatalf("no code is in the mail:\n%s", text)
		}
		b.post("/_system/signin/code", url.Values{"email": {email}, "code": {code[1]}, "next": {"/secret"}}).leads(t, "/secret")
	}
	owner := p.browser(p.replica)
	signIn(owner, testOwner)
	p.invite(owner, testMember)
	host := strings.TrimPrefix(p.replica.Public, "http://")
	nextLetter(t, letters, "<"+testMember+">", "invited to read Start", "http://"+host+"/_system/signin?email")
	member := p.browser(p.replica)
	signIn(member, testMember)
	member.get("/secret").want(t, http.StatusOK, "A hushed body")
	if codeLine.MatchString(p.leader.Log.String()) {
		t.Error("a code that was mailed is in the log")
	}
	p.browser(p.replica).post("/_system/signin", url.Values{"email": {"stranger@example.com"}}).want(t, http.StatusOK, "an email with an eight-digit code")
	if n := len(letters); n != 0 {
		t.Errorf("%d more mails came", n)
	}
}
