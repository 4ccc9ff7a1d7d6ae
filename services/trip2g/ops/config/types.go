package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/docker/go-units"
)

// Secret is a setting that must not be shown. It prints as a placeholder.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns a placeholder, or "" if the secret is not set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString returns String, for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns String, for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Bytes is a size in bytes; its text may have a unit (16MiB, 500k).
type Bytes int64

// maxBytes is the largest size, 1 PiB: sums and small multiples of sizes must fit an int64.
const maxBytes = 1 << 50

// UnmarshalText reads a positive size; a unit is a power of 1024.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := units.RAMInBytes(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a size: use bytes, or a number with a unit such as 16MiB", text)
	case n <= 0:
		return errors.New("must be more than 0")
	case n > maxBytes:
		return fmt.Errorf("must be at most %s", Bytes(maxBytes))
	}
	*b = Bytes(n)
	return nil
}

// String returns the size with a unit.
func (b Bytes) String() string { return units.BytesSize(float64(b)) }

// Networks is a list of addresses and networks, separated by commas.
type Networks []netip.Prefix

// UnmarshalText reads a list such as 10.0.0.0/8, 192.0.2.1. An address stands for the network of
// only itself.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		network, err := netip.ParsePrefix(part)
		if addr, addrErr := netip.ParseAddr(part); addrErr == nil {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("%q is neither an IP address nor a network such as 10.0.0.0/8", part)
		}
		*n = append(*n, unmapped(network).Masked())
	}
	return nil
}

// unmapped returns a network of IPv4-mapped IPv6 addresses as one of IPv4 addresses, because
// clients' addresses are compared in that form.
func unmapped(network netip.Prefix) netip.Prefix {
	const mappedBits = 128 - 32
	if network.Addr().Is4In6() && network.Bits() >= mappedBits {
		return netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-mappedBits)
	}
	return network
}

// String returns the list as it is set; "" if it is empty.
func (n Networks) String() string {
	texts := make([]string, len(n))
	for i, network := range n {
		texts[i] = network.String()
	}
	return strings.Join(texts, ",")
}
