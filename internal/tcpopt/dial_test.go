package tcpopt

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// startNameServer answers queries for any name with 127.0.0.1, but not the first ones. The resolver
// asks it over UDP.
func startNameServer(t *testing.T, unanswered int64) (newResolver func() *net.Resolver) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buf := make([]byte, 1<<10)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buf[:n]) != nil {
				continue
			}
			query.Response = true
			query.Additionals = nil
			if question := query.Questions[0]; question.Type == dnsmessage.TypeA {
				query.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class, TTL: 1},
					Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
				}}
			}
			if answer, err := query.Pack(); err == nil {
				server.WriteTo(answer, from)
			}
		}
	}()
	var resolvers atomic.Int64
	return func() *net.Resolver {
		lost := resolvers.Add(1) <= unanswered
		return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if lost { // a port from which nothing comes
				silent, err := net.ListenPacket("udp", "127.0.0.1:0")
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { silent.Close() })
				return new(net.Dialer).DialContext(ctx, "udp", silent.LocalAddr().String())
			}
			return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
		}}
	}
}

// TestALookupThatAnOutageSwallowedIsBegunAgain: the resolver itself would wait for its answer for
// five seconds and then ask once more, longer than the attempt may take.
func TestALookupThatAnOutageSwallowedIsBegunAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d := Dialer{Timeout: 4 * time.Second, newResolver: startNameServer(t, 1)}
	conn, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort("leader.test", port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestAnAttemptToConnectEndsInTimeIfNoNameServerAnswers(t *testing.T) {
	d := Dialer{Timeout: 50 * time.Millisecond, newResolver: startNameServer(t, 1<<30)}
	_, err := d.DialContext(t.Context(), "tcp", "leader.test:1")
	if netErr, ok := err.(net.Error); !ok || !netErr.Timeout() {
		t.Errorf("%v", err)
	}
}

// TestTheNextAddressIsTriedIfOneRefuses connects to a name that most systems give two addresses, ::1
// and 127.0.0.1, of which only the second listens.
func TestTheNextAddressIsTriedIfOneRefuses(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := Dialer{Timeout: 10 * time.Second}.DialContext(t.Context(), "tcp", net.JoinHostPort("localhost", port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
