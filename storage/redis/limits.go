package redis

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// limits is a ratelimit.Store over a server, and over this process's memory for
// what is not shared or while the server is away.
type limits struct {
	server *Server
	key    [32]byte
	shared map[ratelimit.Name]ratelimit.Limit
	local  *ratelimit.Memory // of limits that guard this process
	keys   int
	now    func() time.Time
	mono   func() time.Duration

	mu       sync.Mutex
	away     time.Duration     // until when the server is left alone; 0: it answers
	fallback *ratelimit.Memory // made when first needed, and for another number of replicas
	divided  int
}

func newLimits(s *Server, o ratelimit.SharedOptions) (*limits, error) {
	mono := ratelimit.Monotonic(o.Now)
	l := &limits{server: s, key: o.Key, shared: make(map[ratelimit.Name]ratelimit.Limit), keys: o.Keys, now: o.Now, mono: mono}
	// All of them, so that faults are found before the server is needed.
	if _, err := ratelimit.NewMemory(o.Limits, 1, mono); err != nil {
		return nil, err
	}
	var own []ratelimit.Limit
	for _, limit := range o.Limits {
		if limit.PerProcess {
			own = append(own, limit)
		} else {
			l.shared[limit.Name] = limit
		}
	}
	var err error
	l.local, err = ratelimit.NewMemory(own, o.Keys, mono)
	return l, err
}

// Take implements ratelimit.Store. What this process counts is charged first and
// given back when a shared limit refuses.
func (l *limits) Take(ctx context.Context, keys ratelimit.Keys) (ratelimit.Decision, error) {
	own, shared := l.split(keys)
	d, err := l.local.Take(ctx, ratelimit.All(own...))
	if err != nil || !d.Allowed || len(shared) == 0 {
		return d, err
	}
	common, err := l.takeShared(ctx, shared)
	if err != nil || !common.Allowed {
		if back := l.local.Refund(ctx, ratelimit.All(own...)); back != nil {
			return ratelimit.Decision{}, errors.Join(err, back)
		}
		return common, err
	}
	if len(own) == 0 {
		return common, nil
	}
	return ratelimit.Strictest(d, common), nil
}

// Refund implements ratelimit.Store.
func (l *limits) Refund(ctx context.Context, keys ratelimit.Keys) error {
	own, shared := l.split(keys)
	if err := l.local.Refund(ctx, ratelimit.All(own...)); err != nil || len(shared) == 0 {
		return err
	}
	if l.answers() {
		if _, err := l.run(ctx, refund, shared); err == nil {
			return nil
		}
	}
	m, err := l.memory()
	if err != nil {
		return err
	}
	return m.Refund(ctx, ratelimit.All(shared...))
}

// split tells what this process counts from what is shared, each key once.
func (l *limits) split(keys ratelimit.Keys) (own, shared []ratelimit.Key) {
	seen := make(map[ratelimit.Key]bool, ratelimit.MaxKeys)
	for k := range keys.All() {
		if seen[k] {
			continue
		}
		seen[k] = true
		if _, ok := l.shared[k.Limit]; ok {
			shared = append(shared, k)
		} else {
			own = append(own, k)
		}
	}
	return own, shared
}

func (l *limits) takeShared(ctx context.Context, keys []ratelimit.Key) (ratelimit.Decision, error) {
	if l.answers() {
		if next, err := l.run(ctx, take, keys); err == nil {
			return l.decision(keys, next), nil
		} else if ctx.Err() != nil {
			return ratelimit.Decision{}, ctx.Err()
		}
	}
	m, err := l.memory()
	if err != nil {
		return ratelimit.Decision{}, err
	}
	return m.Take(ctx, ratelimit.All(keys...))
}

// decision reads what the script says: its time, then the arrival time of each
// key, in microseconds.
func (l *limits) decision(keys []ratelimit.Key, said []int64) ratelimit.Decision {
	now := said[0]
	var worst ratelimit.Decision
	for i, k := range keys {
		d := l.shared[k.Limit].Outcome(time.Duration(said[i+1]-now) * time.Microsecond)
		if i == 0 {
			worst = d
		} else {
			worst = ratelimit.Strictest(worst, d)
		}
	}
	return worst
}

// arguments are how many keys there are, the keys, and of each its interval and
// its window.
func (l *limits) arguments(keys []ratelimit.Key) []any {
	args := make([]any, 0, 1+3*len(keys))
	args = append(args, len(keys))
	for _, k := range keys {
		args = append(args, l.server.room.prefix+string(k.Limit)+":"+l.whom(k))
	}
	for _, k := range keys {
		every := l.shared[k.Limit].Every.Microseconds()
		args = append(args, every, every*int64(l.shared[k.Limit].Burst))
	}
	return args
}

// whom is a keyed hash: who can read the server learns nobody's address.
func (l *limits) whom(k ratelimit.Key) string {
	h := hmac.New(sha256.New, l.key[:])
	fmt.Fprintf(h, "%d:%s%s", len(k.Of), k.Of, k.And)
	const enough = 16
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:enough])
}

// run runs a script over keys and, when that fails, leaves the server alone for a
// while.
func (l *limits) run(ctx context.Context, script *redis.Script, keys []ratelimit.Key) ([]int64, error) {
	bounded, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	said, err := redis.Int64s(l.server.run(bounded, script, l.arguments(keys)...))
	if err == nil && len(said) != len(keys)+1 {
		err = errors.New("redis: a script answered something else")
	}
	l.settle(err, ctx.Err() != nil)
	return said, err
}

// settle remembers whether the server answers. A caller that gave up says
// nothing about it.
func (l *limits) settle(err error, gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && l.away != 0:
		l.away = 0
		l.server.room.log.Info("redis answers again; limits are shared")
	case err != nil && !gone:
		if l.away == 0 {
			l.server.room.log.Warn("redis does not answer; this process counts its share of each limit", "replicas", l.server.Replicas(), "error", err)
		}
		l.away = max(1, l.mono()+pause)
	}
}

func (l *limits) answers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away == 0 || l.mono() >= l.away
}

// memory counts this process's share of the shared limits.
func (l *limits) memory() (*ratelimit.Memory, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.server.Replicas()
	if l.fallback != nil && l.divided == n {
		return l.fallback, nil
	}
	share := make([]ratelimit.Limit, 0, len(l.shared))
	for _, limit := range l.shared {
		share = append(share, limit.Share(n))
	}
	m, err := ratelimit.NewMemory(share, l.keys, l.mono)
	if err == nil {
		l.fallback, l.divided = m, n
	}
	return m, err
}

// take is GCRA over several keys: it answers with its time and the arrival time
// of each key after one more act, and keeps them when none is beyond its window.
// An arrival beyond the window comes from a clock that went back; it is cut.
var take = redis.NewScript(-1, `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local said, ok = {now}, true
for i, key in ipairs(KEYS) do
  local every, window = tonumber(ARGV[2*i-1]), tonumber(ARGV[2*i])
  local arrival = tonumber(redis.call('GET', key) or now)
  arrival = math.min(math.max(arrival, now), now + window)
  said[i+1] = arrival + every
  ok = ok and said[i+1] - now <= window
end
if ok then
  for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', said[i+1]), 'PX', math.ceil((said[i+1] - now) / 1000) + 1)
  end
end
return said`)

// refund gives one charge of each key back.
var refund = redis.NewScript(-1, `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local said = {now}
for i, key in ipairs(KEYS) do
  local arrival = tonumber(redis.call('GET', key) or now) - tonumber(ARGV[2*i-1])
  said[i+1] = math.max(arrival, now)
  if arrival <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1)
  end
end
return said`)
