"""Sentences of the posture guidance, by language and direction."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "in-frame": "Step into the picture so that the needed joints can be seen",
        "backward": "Step back until your whole body is in the picture",
        "forward": "Come closer to the camera",
        "left": "Move to the left of the picture",
        "right": "Move to the right of the picture",
        "face-camera": "Turn to face the camera",
        "profile-camera": "Turn your side to the camera",
        "ready": "You are in position",
    },
    "fr": {
        "in-frame": "Placez-vous dans l'image pour que les articulations soient visibles",
        "backward": "Reculez jusqu'à ce que tout votre corps soit dans l'image",
        "forward": "Rapprochez-vous de la caméra",
        "left": "Déplacez-vous vers la gauche de l'image",
        "right": "Déplacez-vous vers la droite de l'image",
        "face-camera": "Mettez-vous face à la caméra",
        "profile-camera": "Mettez-vous de profil",
        "ready": "Vous êtes en position",
    },
    "de": {
        "in-frame": "Stell dich so ins Bild, dass die nötigen Gelenke zu sehen sind",
        "backward": "Geh zurück, bis dein ganzer Körper im Bild ist",
        "forward": "Komm näher an die Kamera",
        "left": "Geh im Bild nach links",
        "right": "Geh im Bild nach rechts",
        "face-camera": "Dreh dich zur Kamera",
        "profile-camera": "Stell dich seitlich zur Kamera",
        "ready": "Du stehst richtig",
    },
    "es": {
        "in-frame": "Colócate en la imagen para que se vean las articulaciones necesarias",
        "backward": "Retrocede hasta que todo tu cuerpo esté en la imagen",
        "forward": "Acércate a la cámara",
        "left": "Muévete a la izquierda de la imagen",
        "right": "Muévete a la derecha de la imagen",
        "face-camera": "Ponte de frente a la cámara",
        "profile-camera": "Ponte de perfil a la cámara",
        "ready": "Estás en posición",
    },
    "pt": {
        "in-frame": "Entre na imagem para que as articulações necessárias sejam vistas",
        "backward": "Recue até que todo o seu corpo esteja na imagem",
        "forward": "Aproxime-se da câmera",
        "left": "Mova-se para a esquerda da imagem",
        "right": "Mova-se para a direita da imagem",
        "face-camera": "Fique de frente para a câmera",
        "profile-camera": "Fique de lado para a câmera",
        "ready": "Você está em posição",
    },
}
