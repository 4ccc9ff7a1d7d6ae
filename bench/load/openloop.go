package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// OpenLoop sends requests at a fixed rate, even if the server does not keep up, as wrk2 does. Each
// connection has its own schedule, and the latency of a response counts from the scheduled time. If
// a request waits for the previous response, the wait is part of its latency (no coordinated
// omission).
type OpenLoop struct {
	URL     string // of the server, without a slash at the end
	Request Request
	Rate    float64 // requests a second
	For     time.Duration
}

// grace is the time limit for responses after the last scheduled request.
const grace = 10 * time.Second

// Latencies returns the sorted latencies of all responses. A server that cannot sustain the rate is
// an error.
func (o OpenLoop) Latencies(ctx context.Context) ([]time.Duration, error) {
	target, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", o.URL, err)
	}
	interval := time.Duration(float64(Connections) / o.Rate * float64(time.Second))
	latencies := make([][]time.Duration, Connections)
	group, ctx := errgroup.WithContext(ctx)
	for i := range latencies {
		c := &client{
			host: target.Host, request: o.Request.bytes(target.Host),
			interval: interval, delay: interval * time.Duration(i) / Connections,
			latencies: make([]time.Duration, 0, int(o.For/interval)),
		}
		group.Go(func() error {
			err := c.run(ctx)
			latencies[i] = c.latencies
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("ask %s for %s %.0f times a second: %w", o.URL, o.Request.Path, o.Rate, err)
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return all, nil
}

func (r Request) bytes(host string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", r.Path, host)
	for _, field := range r.Header {
		b.WriteString(field + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// client is one connection with its schedule.
type client struct {
	host            string
	request         []byte
	delay, interval time.Duration
	latencies       []time.Duration // its capacity is the number of requests
}

func (c *client) run(ctx context.Context) error {
	conn, err := net.Dial("tcp", c.host)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	all := time.Duration(cap(c.latencies)) * c.interval
	conn.SetDeadline(time.Now().Add(c.delay + all + grace))
	answers := bufio.NewReaderSize(conn, 64<<10)
	first := time.Now().Add(c.delay)
	timer, err := NewTimer(c.delay, c.interval)
	if err != nil {
		return err
	}
	defer timer.Stop()
	for len(c.latencies) < cap(c.latencies) {
		due, err := timer.Wait()
		if err != nil {
			return err
		}
		for ; due > 0 && len(c.latencies) < cap(c.latencies); due-- {
			moment := first.Add(time.Duration(len(c.latencies)) * c.interval)
			if _, err := conn.Write(c.request); err != nil {
				return err
			}
			if err := readAnswer(answers); err != nil {
				return err
			}
			c.latencies = append(c.latencies, time.Since(moment))
		}
	}
	return nil
}

// readAnswer reads a response with status 200 and a Content-Length, as all servers here send it.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("the answer is %q", line)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no Content-Length")
	}
	if _, err := r.Discard(length); err != nil {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	return nil
}

// Percentile returns the p-th percentile of sorted durations, by the nearest-rank method.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(0, rank-1)]
}
