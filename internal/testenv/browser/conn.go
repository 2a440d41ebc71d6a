package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// message is a request, an answer (ID) or an event (Method) of the protocol.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *protocolError  `json:"error,omitempty"`
}

type protocolError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

func (e *protocolError) Error() string { return fmt.Sprintf("%s %s (%d)", e.Message, e.Data, e.Code) }

var errClosed = errors.New("the browser is gone")

// conn speaks the protocol over two pipes: JSON documents, each ended by a zero.
type conn struct {
	w       io.Writer
	mu      sync.Mutex
	last    int
	answers map[int]chan message
	events  map[string]func(message) // by session
	gone    chan struct{}            // closed when the browser hung up
}

func newConn(r io.Reader, w io.Writer) *conn {
	c := &conn{w: w, answers: map[int]chan message{}, events: map[string]func(message){}, gone: make(chan struct{})}
	go c.read(bufio.NewReader(r))
	return c
}

func (c *conn) read(r *bufio.Reader) {
	defer close(c.gone)
	for {
		doc, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(doc[:len(doc)-1], &m) == nil {
			c.dispatch(m)
		}
	}
}

func (c *conn) dispatch(m message) {
	c.mu.Lock()
	answer, event := c.answers[m.ID], c.events[m.SessionID]
	delete(c.answers, m.ID)
	c.mu.Unlock()
	switch {
	case answer != nil:
		answer <- m
	case m.Method != "" && event != nil:
		event(m)
	}
}

// listen sends the events of a session to f, in order; f must not call the browser.
func (c *conn) listen(session string, f func(message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[session] = f
}

// call sends one command and decodes its result into out, unless that is nil.
func (c *conn) call(ctx context.Context, session, method string, params, out any) error {
	answer, err := c.send(session, method, params)
	if err != nil {
		return err
	}
	select {
	case m := <-answer:
		switch {
		case m.Error != nil:
			return fmt.Errorf("%s: %w", method, m.Error)
		case out != nil:
			return json.Unmarshal(m.Result, out)
		}
		return nil
	case <-c.gone:
		return fmt.Errorf("%s: %w", method, errClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
}

func (c *conn) send(session, method string, params any) (<-chan message, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	if params == nil {
		raw = []byte("{}")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	doc, err := json.Marshal(message{ID: c.last, SessionID: session, Method: method, Params: raw})
	if err != nil {
		return nil, err
	}
	answer := make(chan message, 1)
	c.answers[c.last] = answer
	_, err = c.w.Write(append(doc, 0))
	return answer, err
}
