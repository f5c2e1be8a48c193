"""Files that the app uploads: announced, received, then shared once. Kept in memory."""

import secrets
from dataclasses import dataclass, replace

from kwtsms_sandbox.slack.errors import Refused


@dataclass(frozen=True, slots=True)
class File:
    """Uploaded file; `content` is None until it was received, `title` until it was completed."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str | None = None

    def payload(self, base_url: str) -> dict[str, object]:
        """Returns the file as the Web API describes it."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "permalink": f"{base_url}/files/{self.id}/{self.name}",
        }


class Files:
    """Files of the workspace by id."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def __getitem__(self, file_id: str) -> File:
        return self._files[file_id]

    def expect(self, name: str, length: int) -> File:
        """Announces a file that is about to be uploaded."""
        file = File("F" + secrets.token_hex(5).upper(), name, length)
        self._files[file.id] = file
        return file

    def receive(self, file_id: str, content: bytes) -> None:
        """Stores the bytes of a file; they must have the announced length."""
        file = self._files.get(file_id)
        if file is None or file.content is not None or len(content) != file.length:
            raise Refused("invalid_upload")
        self._files[file_id] = replace(file, content=content)

    def complete(self, file_id: str, title: str | None) -> File:
        """Completes a file, which may then be shared."""
        file = self._files.get(file_id)
        if file is None or file.content is None:
            raise Refused("file_not_found")
        self._files[file_id] = replace(file, title=title or file.name)
        return self._files[file_id]
