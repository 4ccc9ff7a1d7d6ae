package forward

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

var testCookies = cookieNames{own: "session_r1", leader: "session"}

func TestCookiesOnTheirWayToTheLeader(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"none", nil, nil},
		{"the session alone", []string{"session_r1=V"}, []string{"session=V"}},
		{"among others", []string{"a=1; session_r1=V; b=2"}, []string{"a=1; session=V; b=2"}},
		{"the leader's in the same jar, before", []string{"session=L; session_r1=V"}, []string{"session=V"}},
		{"the leader's in the same jar, after", []string{"session_r1=V; session=L"}, []string{"session=V"}},
		{"the leader's between others", []string{"a=1; session=L; b=2"}, []string{"a=1; b=2"}},
		{"the leader's alone", []string{"session=L"}, nil},
		{"another replica's", []string{"session_r2=W; session_r1=V"}, []string{"session_r2=W; session=V"}},
		{"several lines", []string{"a=1", "session=L", "session_r1=V"}, []string{"a=1", "session=V"}},
		{"odd spaces", []string{"a=1;b=2;  session_r1 = V ;c"}, []string{"a=1;b=2;  session = V ;c"}},
		{"tabs around the leader's", []string{"\tsession\t=L;a=1"}, []string{"a=1"}},
		{"quotes do not hide the leader's", []string{`session_r1="x; session=evil; y"`}, []string{`session="x; y"`}},
		{"no value", []string{"session; session_r1"}, []string{"session"}},
		{"equals signs in the value", []string{"session_r1=a=b=="}, []string{"session=a=b=="}},
		{"the name as a value", []string{"a=session_r1; b=session"}, []string{"a=session_r1; b=session"}},
		{"names that only look alike", []string{"Session=1; sessions=2; xsession=3; session_r10=4"}, []string{"Session=1; sessions=2; xsession=3; session_r10=4"}},
		{"bytes that are no text", []string{"a=\xff\x80; session_r1=\xfe"}, []string{"a=\xff\x80; session=\xfe"}},
		{"empty parts", []string{";; ;session_r1=V;;"}, []string{";; ;session=V;;"}},
		{"twice", []string{"session_r1=1; session_r1=2"}, []string{"session=1; session=2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := make(http.Header)
			if c.in != nil {
				h["Cookie"] = slices.Clone(c.in)
			}
			testCookies.toLeader(h)
			if !slices.Equal(h["Cookie"], c.want) {
				t.Errorf("%q became %q, want %q", c.in, h["Cookie"], c.want)
			}
		})
	}
}

func TestCookiesOnTheirWayBack(t *testing.T) {
	for in, want := range map[string]string{
		"session=V; Path=/; HttpOnly; SameSite=Lax":            "session_r1=V; Path=/; HttpOnly; SameSite=Lax",
		"session=; Max-Age=0;expires=Thu, 01 Jan 1970 session": "session_r1=; Max-Age=0;expires=Thu, 01 Jan 1970 session",
		" session = V":              " session_r1 = V",
		"session":                   "session_r1",
		"theme=session=V; Path=/":   "theme=session=V; Path=/",
		"sessions=V":                "sessions=V",
		"Session=V":                 "Session=V",
		`session="a; b"; Secure`:    `session_r1="a; b"; Secure`,
		"other=V; Comment=session=": "other=V; Comment=session=",
	} {
		h := http.Header{"Set-Cookie": {"first=1", in, "last=1"}}
		testCookies.fromLeader(h)
		if got := h["Set-Cookie"]; !slices.Equal(got, []string{"first=1", want, "last=1"}) {
			t.Errorf("%q became %q, want %q", in, got[1], want)
		}
	}
}

func TestCookiesOfOneNameAreLeftAlone(t *testing.T) {
	same := cookieNames{own: "session", leader: "session"}
	h := http.Header{"Cookie": {"a;session=1 ;;"}, "Set-Cookie": {"session=2"}}
	same.toLeader(h)
	same.fromLeader(h)
	if h["Cookie"][0] != "a;session=1 ;;" || h["Set-Cookie"][0] != "session=2" {
		t.Errorf("became %q", h)
	}
}

func FuzzCookiesToLeader(f *testing.F) {
	f.Add("a=1; session=L; session_r1=V; b=2")
	f.Add(`session_r1="x; session=evil"`)
	f.Add(";;session;=;session_r1;\t session_r1\t=")
	f.Fuzz(func(t *testing.T, line string) {
		in := http.Header{"Cookie": {line}}
		out := in.Clone()
		testCookies.toLeader(out)
		if !strings.Contains(line, "session") && !slices.Equal(out["Cookie"], in["Cookie"]) {
			t.Errorf("%q became %q", line, out["Cookie"])
		}
		// What the leader's net/http parses: the others in order, and the replica's renamed.
		var want []string
		for _, c := range parseCookies(in) {
			switch c.Name {
			case "session":
			case "session_r1":
				want = append(want, "session="+c.Value)
			default:
				want = append(want, c.Name+"="+c.Value)
			}
		}
		var got []string
		for _, c := range parseCookies(out) {
			got = append(got, c.Name+"="+c.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q became %q: %q, want %q", line, out["Cookie"], got, want)
		}
	})
}

func parseCookies(h http.Header) []*http.Cookie { return (&http.Request{Header: h}).Cookies() }
