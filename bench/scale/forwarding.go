package scale

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"

	"trip2g/bench/cluster"
)

// writesInRound is the number of writes per path and round, of which a value is the median.
const writesInRound = 60

// Forwarding is the latency of a small write in milliseconds, by three paths, in interleaved
// rounds.
type Forwarding struct {
	Leader  []float64 // to the leader itself
	Replica []float64 // to a replica, which forwards it
	Proxy   []float64 // to a proxy of net/http/httputil before the leader: the cost of a hop
}

func (p *published) measureForwarding(ctx context.Context, rounds int) (Forwarding, error) {
	target, err := url.Parse(p.Leader.URL())
	if err != nil {
		return Forwarding{}, err
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	defer proxy.Close()
	ways := []*cluster.Writer{p.Writer(p.Leader.URL()), p.Writer(p.Replicas[0].URL()), p.Writer(proxy.URL)}
	var medians [3][]float64
	for range rounds {
		took, err := p.writeByTurns(ctx, ways)
		if err != nil {
			return Forwarding{}, err
		}
		for i := range ways {
			medians[i] = append(medians[i], median(took[i]))
		}
	}
	for _, way := range ways {
		way.Close()
	}
	return Forwarding{Leader: medians[0], Replica: medians[1], Proxy: medians[2]}, nil
}

// writeByTurns performs the writes of a round. Each path is first, second and last equally often.
func (p *published) writeByTurns(ctx context.Context, ways []*cluster.Writer) (took [3][]float64, err error) {
	order := []int{0, 1, 2}
	for range writesInRound {
		for _, i := range order {
			one, err := ways[i].Write(ctx, probe, p.nextText())
			if err != nil {
				return took, err
			}
			took[i] = append(took[i], milliseconds(one))
		}
		order = append(order[1:], order[0])
	}
	return took, nil
}

// median returns the median of the values.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
