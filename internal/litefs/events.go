package litefs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// A Kind is the kind of an [Event].
type Kind string

const (
	// Connected begins every connection to the node, the first and each later
	// one. Events between connections are lost, so a follower of a database checks
	// it again. Sets Role and Leader.
	Connected Kind = "connected"
	// Committed: a transaction was committed on the leader, or has arrived on
	// the replica. Sets DB, Position and Time.
	Committed Kind = "committed"
	// LeaderChanged: the node found or lost its leader, or became it. A replica
	// without its leader sends two a second, for each try to reconnect. Sets
	// Role and Leader.
	LeaderChanged Kind = "leaderChanged"
	// Disconnected: the connection to the node ended, or a try to connect
	// failed. Sets Err. The next try follows by itself.
	Disconnected Kind = "disconnected"
)

// An Event is one thing that happened on the LiteFS node. Fields that its kind
// does not set are zero.
type Event struct {
	Kind     Kind
	DB       string    // the database's name on the mount
	Position Position  // where the database is now
	Time     time.Time // when the leader committed, by the leader's clock
	Role     Role      // the node's own role
	Leader   string    // the leader's host name; "" on the leader, or where none is known
	Err      error
}

const (
	// A node restarts within a second or two; the first tries come quickly so
	// that a follower loses little, the later ones spare the machine.
	firstRetry   = 20 * time.Millisecond
	longestRetry = time.Second
	// An event is about 200 bytes; a longer line is not LiteFS talking.
	longestEvent = 64 << 10
)

// Events follows the node's /events until ctx ends, then closes the channel.
// It reconnects whenever the connection ends.
//
// A slow consumer delays the connection. LiteFS closes a connection that is
// 1,024 events behind, which the consumer sees as Disconnected and Connected.
func (n *Node) Events(ctx context.Context) <-chan Event {
	events := make(chan Event, 64)
	go func() {
		defer close(events)
		retry := firstRetry
		for {
			err := n.follow(ctx, func(e Event) error {
				retry = firstRetry
				return send(ctx, events, e)
			})
			if send(ctx, events, Event{Kind: Disconnected, Err: err}) != nil {
				return
			}
			pause := retry/2 + rand.N(retry/2)
			retry = min(2*retry, longestRetry)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}()
	return events
}

// send sends e to the consumer, unless ctx ends first.
func send(ctx context.Context, events chan<- Event, e Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow calls emit with each event of one connection and returns the reason for
// its end, never nil.
func (n *Node) follow(ctx context.Context, emit func(Event) error) error {
	resp, err := n.get(ctx, "/events")
	if err != nil {
		return fmt.Errorf("follow LiteFS events: %w", err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, longestEvent)
	for lines.Scan() {
		e, err := parseEvent(lines.Bytes())
		if err != nil {
			return fmt.Errorf("follow LiteFS events: %w", err)
		}
		if err := emit(e); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("follow LiteFS events: %w", err)
	}
	return errors.New("follow LiteFS events: the node ended the stream")
}

// parseEvent reads one line of /events.
func parseEvent(line []byte) (Event, error) {
	var raw struct {
		Type string          `json:"type"`
		DB   string          `json:"db"`
		Data json.RawMessage `json:"data"`
	}
	if err := decodeStrict(line, &raw); err != nil {
		return Event{}, fmt.Errorf("malformed event %.200q: %w", line, err)
	}
	switch raw.Type {
	case "init":
		return parseLeaderEvent(Connected, raw.Data)
	case "primaryChange":
		return parseLeaderEvent(LeaderChanged, raw.Data)
	case "tx":
		return parseCommit(raw.DB, raw.Data)
	}
	return Event{}, fmt.Errorf("event of unknown type %.200q: the node is not LiteFS v0.5.14", line)
}

func parseLeaderEvent(kind Kind, data []byte) (Event, error) {
	var v struct {
		IsPrimary *bool  `json:"isPrimary"`
		Hostname  string `json:"hostname"`
	}
	if err := decodeStrict(data, &v); err != nil {
		return Event{}, fmt.Errorf("malformed event data %.200q: %w", data, err)
	}
	if v.IsPrimary == nil {
		return Event{}, fmt.Errorf("malformed event data %.200q: no isPrimary", data)
	}
	return Event{Kind: kind, Role: roleOf(*v.IsPrimary), Leader: v.Hostname}, nil
}

func parseCommit(db string, data []byte) (Event, error) {
	if err := checkName(db); err != nil {
		return Event{}, fmt.Errorf("malformed event: %w", err)
	}
	var v struct {
		TXID      string    `json:"txID"`
		Checksum  string    `json:"postApplyChecksum"`
		PageSize  uint32    `json:"pageSize"`
		Commit    uint32    `json:"commit"`
		Timestamp time.Time `json:"timestamp"`
	}
	if err := decodeStrict(data, &v); err != nil {
		return Event{}, fmt.Errorf("malformed event data %.200q: %w", data, err)
	}
	pos, err := parsePosition(v.TXID + "/" + v.Checksum)
	if err != nil {
		return Event{}, fmt.Errorf("malformed event data: %w", err)
	}
	return Event{Kind: Committed, DB: db, Position: pos, Time: v.Timestamp}, nil
}

// decodeStrict reads data as exactly one JSON value with no field that v lacks.
func decodeStrict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}
