package registry

import (
	"strconv"
	"sync"

	"github.com/mortise-auth/mortise/internal/client"
)

// pooled is how many words and how many lists a pool keeps.
const pooled = 1024

// pool has one copy of what the snapshots of many clients have in common: their
// grant types, scopes, APIs and the like. Ten thousand clients are so a third
// smaller, which the collector would have to walk, and what each request looks
// through is in the processor's cache. It is safe for concurrent use.
type pool struct {
	mu    sync.Mutex
	words map[string]string
	lists map[string][]string
}

func newPool() *pool { return &pool{words: map[string]string{}, lists: map[string][]string{}} }

// share replaces what c, which nobody else has yet, has in common with others.
func (p *pool) share(c *client.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range []*[]string{&c.Grants, &c.Responses, &c.Scopes, &c.Resources, &c.DetailTypes, &c.ResponseModes, &c.DefaultACRs, &c.ExchangeSubjects, &c.ExchangeAudiences, &c.ExchangeModes} {
		*list = p.list(*list)
	}
	for _, word := range []*string{&c.IDTokenAlg, &c.TokenFormat, &c.ManagedBy, &c.SubjectType, &c.AssertionAlg, &c.UserInfoAlg, &c.RequestObjectAlg} {
		*word = p.word(*word)
	}
	c.Type, c.Auth, c.Profile = client.Type(p.word(string(c.Type))), client.Auth(p.word(string(c.Auth))), client.Profile(p.word(string(c.Profile)))
	if c.Name == string(c.ID) { // one text in memory, not two
		c.Name = string(c.ID)
	}
}

func (p *pool) word(s string) string {
	if s == "" {
		return ""
	}
	if one, ok := p.words[s]; ok {
		return one
	}
	if len(p.words) >= pooled {
		clear(p.words)
	}
	p.words[s] = s
	return s
}

func (p *pool) list(all []string) []string {
	if len(all) == 0 {
		return all
	}
	key := keyOf(all)
	if one, ok := p.lists[key]; ok {
		return one
	}
	if len(p.lists) >= pooled {
		clear(p.lists)
	}
	own := make([]string, len(all))
	for i, s := range all {
		own[i] = p.word(s)
	}
	p.lists[key] = own
	return own
}

// keyOf is another one for every other list.
func keyOf(all []string) string {
	var b []byte
	for _, s := range all {
		b = append(append(strconv.AppendInt(b, int64(len(s)), 10), ':'), s...)
	}
	return string(b)
}
