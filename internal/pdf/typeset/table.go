package typeset

import (
	"fmt"
	"strings"
	"time"

	"github.com/evaultlib/evault/internal/font"
	"github.com/evaultlib/evault/internal/pdf/canvas"
)

// column is a column as laid out; its width is in points.
type column struct {
	head  string
	width float64
}

// cellLines are the lines of a cell, from top to bottom.
type cellLines []cellLine

type cellLine struct {
	st   font.Style
	size float64
	col  canvas.Color
	text string
}

const cellPad = 4.0

func (s *sheet) tables() error {
	for _, t := range s.Tables {
		if err := s.table(t); err != nil {
			return err
		}
	}
	return nil
}

// table writes a table under a head that is repeated on each page. A row that is higher than a page goes on on the next
// one.
func (s *sheet) table(t Table) error {
	if len(t.Rows) == 0 {
		return nil
	}
	if err := s.heading(t.Heading); err != nil {
		return err
	}
	all := 0.0
	for _, c := range t.Columns {
		all += c.Width
	}
	cols := make([]column, len(t.Columns))
	for i, c := range t.Columns {
		cols[i] = column{c.Head, c.Width / all * s.width()}
	}
	return s.group("Table", func() error { return s.rows(cols, t.Rows) })
}

func (s *sheet) rows(cols []column, rows [][]Cell) error {
	if err := s.tableHead(cols, true); err != nil {
		return err
	}
	for _, row := range rows {
		lines := make([]cellLines, len(cols))
		high := 0.0
		for i, c := range row {
			var err error
			if lines[i], err = s.wrapCell(c, cols[i].width-2*cellPad); err != nil {
				return err
			}
			high = max(high, height(lines[i]))
		}
		page := s.c.Height - reportBottom - reportTop - 30
		if s.y+high+2*cellPad > s.c.Height-reportBottom && high < page {
			if err := s.breakTable(cols); err != nil {
				return err
			}
		}
		if err := s.tableRow(cols, lines); err != nil {
			return err
		}
	}
	return nil
}

func height(lines cellLines) (h float64) {
	for _, l := range lines {
		h += l.size * leading
	}
	return h
}

func (s *sheet) wrapCell(c Cell, most float64) (cellLines, error) {
	var out cellLines
	for _, part := range []cellLine{
		{font.Bold, bodySize, canvas.Ink, c.Strong},
		{font.Regular, tableSize, canvas.Ink, c.Text},
		{font.Regular, 7, canvas.Gray, c.Small},
		{font.Mono, 6, canvas.Gray, c.Mono},
	} {
		if part.text == "" {
			continue
		}
		lines, err := s.c.Wrap(part.st, part.size, most, part.text)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			part.text = l
			out = append(out, part)
		}
	}
	return out, nil
}

func (s *sheet) breakTable(cols []column) error {
	if err := s.newPage(); err != nil {
		return err
	}
	return s.tableHead(cols, false)
}

// tableHead writes the head of a table; where it is only repeated it is an artifact.
func (s *sheet) tableHead(cols []column, first bool) error {
	if err := s.room(60); err != nil {
		return err
	}
	row := &canvas.Tag{}
	if first {
		row = s.at.Below("TR")
	}
	const high = 16.0
	s.c.Rect(reportMargin, s.y, s.width(), high, canvas.Shade)
	x := reportMargin
	for _, c := range cols {
		if first {
			s.c.Enter(row.Below("TH"))
		}
		_, err := s.c.Fit(font.Bold, 7.5, x+cellPad, s.y+11, c.width-2*cellPad, canvas.Ink, c.head)
		s.c.Leave()
		if err != nil {
			return err
		}
		x += c.width
	}
	s.y += high
	return nil
}

// tableRow writes a row, on as many pages as it takes.
func (s *sheet) tableRow(cols []column, lines []cellLines) error {
	row := s.at.Below("TR")
	cells := make([]*canvas.Tag, len(lines))
	for i := range lines {
		cells[i] = row.Below("TD")
		var whole []string
		for _, l := range lines[i] {
			whole = append(whole, l.text)
		}
		canvas.Says(strings.Join(whole, " "))(cells[i])
	}
	for {
		rest, foot := false, s.y
		x := reportMargin
		for i := range lines {
			y := s.y + cellPad
			for len(lines[i]) > 0 {
				l := lines[i][0]
				if y+l.size*leading > s.c.Height-reportBottom {
					rest = true
					break
				}
				s.c.Enter(cells[i])
				err := s.c.Text(l.st, l.size, x+cellPad, y+l.size, l.col, l.text)
				s.c.Leave()
				if err != nil {
					return err
				}
				y += l.size * leading
				lines[i] = lines[i][1:]
			}
			foot = max(foot, y)
			x += cols[i].width
		}
		s.y = foot + cellPad - 1
		s.c.Line(reportMargin, s.y, s.c.Width-reportMargin, s.y, 0.4, canvas.Pale)
		if !rest {
			return nil
		}
		if err := s.breakTable(cols); err != nil {
			return err
		}
	}
}

func (s *sheet) signers() error {
	t := Table{
		Heading: "Signers", Columns: []Column{{"Signer", 160}, {"Authentication and consent", 184}, {"Times (UTC)", 160}},
	}
	for _, g := range s.Signers {
		var times []string
		for _, m := range []struct {
			name string
			at   time.Time
		}{
			{"Notified", g.Notified},
			{"Viewed", g.Viewed},
			{"Consented", g.Consented},
			{"Signed", g.Signed},
		} {
			if !m.at.IsZero() {
				times = append(times, m.name+"  "+m.at.UTC().Format("2006-01-02 15:04:05"))
			}
		}
		t.Rows = append(t.Rows, []Cell{
			{Strong: g.Name, Text: g.Email, Small: g.Role},
			{Text: strings.TrimSpace(g.Authentication + "\n" + g.Consent), Small: g.Address},
			{Text: strings.Join(times, "\n")},
		})
	}
	return s.table(t)
}

func (s *sheet) events() error {
	t := Table{
		Heading: "Events",
		Columns: []Column{{"No.", 30}, {"Time (UTC)", 100}, {"Event", 122}, {"By", 84}, {"From; hash of the event", 168}},
	}
	for _, e := range s.Events {
		seq := ""
		if e.Seq > 0 {
			seq = fmt.Sprint(e.Seq)
		}
		t.Rows = append(t.Rows, []Cell{
			{Small: seq},
			{Text: e.At.UTC().Format("2006-01-02 15:04:05")},
			{Text: e.Type},
			{Text: e.Actor},
			{Text: e.Detail, Mono: e.Hash},
		})
	}
	return s.table(t)
}
