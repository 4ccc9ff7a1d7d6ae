package tcpopt

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// lookupTimeout bounds one lookup of a name; a lookup that takes longer is begun again.
const lookupTimeout = time.Second

// Dialer opens connections to another node.
//
// Each attempt looks the name up by itself. The resolver of the process joins lookups of a name, so
// that those that begin after a network has returned would wait for one that was sent into the
// outage, for up to ten seconds.
type Dialer struct {
	// Timeout bounds one attempt, lookups included.
	Timeout time.Duration

	newResolver func() *net.Resolver // nil: of the system's
}

// DialContext connects to address, a name or an IP address with a port.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	ips, err := d.lookup(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	for i, ip := range ips {
		var conn net.Conn
		if conn, err = dialOne(ctx, network, net.JoinHostPort(ip.String(), port), len(ips)-i); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// lookup returns the addresses of host, at least one.
func (d Dialer) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	newResolver := d.newResolver
	if newResolver == nil {
		newResolver = func() *net.Resolver { return new(net.Resolver) }
	}
	for {
		attempt, cancel := context.WithTimeout(ctx, lookupTimeout)
		ips, err := newResolver().LookupNetIP(attempt, "ip", host)
		cancel()
		if timedOut := (net.Error)(nil); err == nil || ctx.Err() != nil || !errors.As(err, &timedOut) || !timedOut.Timeout() {
			return ips, err
		}
	}
}

// dialOne connects to one of the remaining addresses, within its share of the time that is left.
func dialOne(ctx context.Context, network, address string, remaining int) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: keepAlive(), Control: control}
	if deadline, ok := ctx.Deadline(); ok {
		dialer.Timeout = time.Until(deadline) / time.Duration(remaining)
	}
	return dialer.DialContext(ctx, network, address)
}
