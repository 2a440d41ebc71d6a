package browser

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
)

// watch keeps what the events of a page told.
type watch struct {
	mu       sync.Mutex
	loadings int
	changed  chan struct{} // closed and replaced at each load
	answers  map[string]*Request
	order    []string
	console  []entry
}

type entry struct{ source, url, text string }

func newWatch() *watch {
	return &watch{changed: make(chan struct{}), answers: map[string]*Request{}}
}

func (w *watch) loads() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loadings
}

// loaded waits until there was a load after the first n.
func (w *watch) loaded(ctx context.Context, n int) error {
	for {
		w.mu.Lock()
		now, changed := w.loadings, w.changed
		w.mu.Unlock()
		if now > n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// exception is a script error as the protocol describes it.
type exception struct {
	Text      string
	URL       string
	Exception struct{ Description string }
}

func (e *exception) String() string { return cmp.Or(e.Exception.Description, e.Text) }

// details is the union of the parameters of the events we look at.
type details struct {
	RequestID         string
	Type              string
	EncodedDataLength float64
	Response          struct {
		URL               string
		Status            int
		EncodedDataLength float64
	}
	Args             []struct{ Value, Description any }
	ExceptionDetails *exception
	Entry            struct{ Source, Level, Text, URL string }
}

func (w *watch) event(m message) {
	var d details
	if json.Unmarshal(m.Params, &d) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m.Method {
	case "Page.loadEventFired":
		w.countLoad()
	case "Page.frameNavigated":
		if d.Type == "BackForwardCacheRestore" { // comes back whole, without a load event
			w.countLoad()
		}
	case "Network.responseReceived":
		w.order = append(w.order, d.RequestID)
		w.answers[d.RequestID] = &Request{d.Response.URL, d.Type, d.Response.Status, int(d.Response.EncodedDataLength)}
	case "Network.loadingFinished":
		if a := w.answers[d.RequestID]; a != nil {
			a.Bytes = int(d.EncodedDataLength)
		}
	case "Runtime.exceptionThrown":
		w.console = append(w.console, entry{"script", d.ExceptionDetails.URL, d.ExceptionDetails.String()})
	case "Runtime.consoleAPICalled":
		if d.Type == "error" || d.Type == "assert" {
			w.console = append(w.console, entry{"script", "", fmt.Sprint(d.Args)})
		}
	case "Log.entryAdded":
		if d.Entry.Level == "error" {
			w.console = append(w.console, entry{d.Entry.Source, d.Entry.URL, d.Entry.Text})
		}
	}
}

func (w *watch) countLoad() {
	w.loadings++
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watch) requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Request
	for _, id := range w.order {
		out = append(out, *w.answers[id])
	}
	return out
}

func (w *watch) complaints() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	documents := map[string]bool{}
	for a := range maps.Values(w.answers) {
		documents[a.URL] = documents[a.URL] || a.Kind == "Document"
	}
	var out []string
	for _, e := range w.console {
		if e.source != "network" || !documents[e.url] {
			out = append(out, e.text+" "+e.url)
		}
	}
	return out
}
