package verify

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

var errAnswer = errors.New("the feed's answer is malformed")

// batches reads an answer of the feed, {"batches":["…",…]}, and hands on each batch
// as it comes. A batch has nothing to escape, so the document is cut at its quotes;
// no more than one batch is in memory.
func batches(r io.Reader, each func(text string) error) error {
	parts := bufio.NewScanner(r)
	parts.Buffer(make([]byte, 0, 4<<10), maxLine)
	parts.Split(atQuotes)
	for n := 0; parts.Scan(); n++ {
		part := parts.Text()
		switch between := strings.TrimSpace(part); {
		case n == 0 && between == "{", n == 1 && part == "batches", n == 2 && between == ":[":
		case n > 2 && n%2 == 1:
			if err := each(part); err != nil {
				return err
			}
		case n > 2 && between == ",":
		case n > 2 && between == "]}":
			return nil
		default:
			return errAnswer
		}
	}
	if err := parts.Err(); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

// atQuotes is a bufio.SplitFunc.
func atQuotes(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '"'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
