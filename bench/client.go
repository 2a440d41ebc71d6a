package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// conn is a keep-alive connection that costs the generator as little as can be,
// so that on two cores the server is what is measured.
type conn struct {
	net.Conn
	in   *bufio.Reader
	body []byte // of the last answer, when kept
	keep bool

	location string // of the last answer, when kept
}

func dial(addr string) (*conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, in: bufio.NewReader(c)}, nil
}

// reply is what a generator needs to know of an answer.
type reply struct {
	status int
	after  time.Duration // Retry-After
}

// do sends one prepared request and reads the answer.
func (c *conn) do(request []byte) (r reply, err error) {
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return r, err
	}
	if _, err := c.Write(request); err != nil {
		return r, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return r, err
	}
	if len(line) < 12 {
		return r, errors.New("bench: no status line")
	}
	r.status, _ = strconv.Atoi(string(line[9:12]))
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return r, err
		}
		if len(line) <= 2 {
			break
		}
		if v, ok := field(line, "Content-Length:"); ok {
			length, _ = strconv.Atoi(v)
		} else if v, ok := field(line, "Location:"); ok && c.keep {
			c.location = v
		} else if v, ok := field(line, "Retry-After:"); ok {
			n, _ := strconv.Atoi(v)
			r.after = time.Duration(n) * time.Second
		} else if _, ok := field(line, "Transfer-Encoding:"); ok {
			return r, errors.New("bench: the generator reads no chunks")
		}
	}
	if c.keep {
		c.body = slices.Grow(c.body[:0], length)[:length]
		_, err = io.ReadFull(c.in, c.body)
		return r, err
	}
	_, err = c.in.Discard(length)
	return r, err
}

func field(line []byte, name string) (string, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return "", false
	}
	return string(bytes.TrimSpace(line[len(name):])), true
}

// get is a prepared GET.
func get(host, path, cookie string) []byte {
	if cookie != "" {
		cookie = "Cookie: " + cookie + "\r\n"
	}
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\n%s\r\n", path, host, cookie)
}

// signInRequest is a prepared password sign-in, from an address of its own when
// client is not 0.
func signInRequest(host, path, identifier, password, cookie string, client int) []byte {
	body := fmt.Sprintf(`{"identifier":%q,"password":%q,"deliver":"cookie"}`, identifier, password)
	if cookie != "" {
		cookie = "Cookie: " + cookie + "\r\n"
	}
	if client > 0 {
		cookie += fmt.Sprintf("X-Forwarded-For: 100.%d.%d.%d\r\n", 64+client>>16&63, client>>8&255, client&255)
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s",
		path, host, cookie, len(body), body)
}

// burst is what came of a load.
type burst struct {
	requests int
	wrong    int // answers other than 200
	limited  int // of those, 429: too many of them, by the server's own rules
	took     time.Duration
	late     []time.Duration // latencies, sorted; only when asked for
}

func (b burst) rate() float64 { return float64(b.requests) / b.took.Seconds() }

// p99 is the latency that one of a hundred exceeds.
func (b burst) p99() time.Duration {
	if len(b.late) == 0 {
		return 0
	}
	return b.late[len(b.late)*99/100]
}

// load sends request over so many connections until the time or the count is up.
func load(addr string, request []byte, conns int, limit time.Duration, count int, latencies bool) (burst, error) {
	var mu sync.Mutex
	var all burst
	var errs []error
	begun := time.Now()
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			one, err := loop(addr, request, begun.Add(limit), count/conns, latencies)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			all.requests += one.requests
			all.wrong += one.wrong
			all.limited += one.limited
			all.late = append(all.late, one.late...)
		})
	}
	wg.Wait()
	all.took = time.Since(begun)
	slices.Sort(all.late)
	return all, errors.Join(errs...)
}

func loop(addr string, request []byte, until time.Time, count int, latencies bool) (b burst, err error) {
	c, err := dial(addr)
	if err != nil {
		return b, err
	}
	defer c.Close()
	for now := time.Now(); now.Before(until) && (count == 0 || b.requests < count); {
		r, err := c.do(request)
		if err != nil {
			return b, err
		}
		b.requests++
		if r.status != http.StatusOK {
			b.wrong++
		}
		if r.status == http.StatusTooManyRequests {
			b.limited++
		}
		then := time.Now()
		if latencies {
			b.late = append(b.late, then.Sub(now))
		}
		now = then
	}
	return b, nil
}

// fetch is one ordinary request, for what is not measured.
func fetch(url string, header http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header = header
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	return resp, body, err
}

// sent is how many bytes an answer took: body as it came, and headers.
func sent(resp *http.Response, body []byte) int {
	var head bytes.Buffer
	_ = resp.Header.Write(&head)
	return len(body) + head.Len() + len("HTTP/1.1 200 OK\r\n\r\n")
}

// plain is the body as text.
func plain(resp *http.Response, body []byte) (string, error) {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return string(body), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(z, 8<<20))
	return string(text), err
}
