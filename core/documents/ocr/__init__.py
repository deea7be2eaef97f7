"""Text recognition in pictures of pages: printed Japanese and English, horizontal and vertical.

`networks` finds and reads lines (two ONNX models of PP-OCRv6), `boxes` makes oriented boxes of what was
found, `vertical` lays a vertical line down so that it can be read, `order` brings lines into reading order;
`recogniser` does all of it for one picture and `page` makes a page of `core.documents.model` of the result.
Only numpy, Pillow and ONNX Runtime are used.
"""
