package forward

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/rs/zerolog"
)

// TunnelServerOptions configure a [NewTunnelServer] handler.
type TunnelServerOptions struct {
	Secret   string          // that all nodes share (TRIP2G_JWT_SECRET)
	Epoch    Epoch           // of the server
	LiteFS   string          // host:port of the API of this node's LiteFS
	OnReject func(Rejection) // called for each signature not valid now; nil: not called
	Log      zerolog.Logger
}

// NewTunnelServer returns the leader's handler of [TunnelPath] on its internal port. Requests not
// signed with the tunnels' key go to next.
func NewTunnelServer(o TunnelServerOptions, next http.Handler) (http.Handler, error) {
	verifier, err := newVerifier(o.Secret, tunnelKeyInfo, o.Epoch)
	if err != nil {
		return nil, err
	}
	return &tunnelServer{TunnelServerOptions: o, next: next, verifier: verifier}, nil
}

type tunnelServer struct {
	TunnelServerOptions
	next     http.Handler
	verifier *Verifier
	failures logLimiter
}

// ServeHTTP implements http.Handler.
func (s *tunnelServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != TunnelPath {
		s.next.ServeHTTP(w, r)
		return
	}
	own, err := s.verifier.verifyOwn(r, s.OnReject)
	switch {
	case !own:
		s.next.ServeHTTP(w, r)
		return
	case err != nil:
		w.Header().Set("WWW-Authenticate", authScheme)
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	case r.Method != http.MethodGet || r.Header.Get("Upgrade") != tunnelProtocol || r.ProtoMajor != 1:
		w.Header().Set("Upgrade", tunnelProtocol)
		http.Error(w, "a tunnel is a GET with Upgrade: "+tunnelProtocol, http.StatusUpgradeRequired)
		return
	}
	if err := s.carry(w, r); err != nil && s.failures.due() {
		s.Log.Warn().Err(err).Str("remote", r.RemoteAddr).Str("node", clip(r.Header.Get(nodeHeader))).
			Msg("replication: a replica could not be connected to LiteFS")
	}
}

// carry joins the request's connection to LiteFS until either end closes. It returns an error only
// if they were never joined.
func (s *tunnelServer) carry(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), tunnelDialTimeout)
	defer cancel()
	litefs, err := new(net.Dialer).DialContext(ctx, "tcp", s.LiteFS)
	if err != nil {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		http.Error(w, "LiteFS does not answer on the leader", http.StatusServiceUnavailable)
		return err
	}
	defer litefs.Close()
	replica, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "not here", http.StatusInternalServerError)
		return err
	}
	defer replica.Close()
	if _, err := io.WriteString(replica, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+tunnelProtocol+"\r\n\r\n"); err != nil {
		return err
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		io.Copy(litefs, buffered)
		litefs.Close()
	}()
	io.Copy(replica, litefs)
	replica.Close()
	<-up
	return nil
}
